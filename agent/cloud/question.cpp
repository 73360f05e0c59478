#include "agent/cloud/question.h"

#include <nlohmann/json.hpp>
#include <string>

#include "agent/cloud/line_json.h"
#include "net/foreign_text.h"

namespace nlohmann {

template <>
struct adl_serializer<std::chrono::milliseconds> {
  static void to_json(json& to, const std::chrono::milliseconds& time) { to = time.count(); }
  static void from_json(const json& from, std::chrono::milliseconds& time) {
    time = std::chrono::milliseconds(from.get<std::int64_t>());
  }
};

}  // namespace nlohmann

namespace agent {
namespace {

// azure.interval's are within 1m and 24h; tests have less patience.
constexpr auto kShortestInterval = std::chrono::milliseconds(100);
constexpr auto kLongestInterval = std::chrono::hours(24);

/// JSON escapes the control characters of ASCII, but for DEL.
bool is_plain(std::string_view line) { return line.find('\x7f') == std::string_view::npos; }

}  // namespace

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Question, imds_endpoint, resource_id, mac, environment, node_name,
                                   kubeconfig, cloud_config, client_id, verify, interval)

std::string question_line(const Question& question) {
  return nlohmann::json(question).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

net::Result<Question> parse_question(std::string_view line) {
  constexpr std::size_t kQuotedError = 200;
  const auto no_question = [](std::string_view why) {
    return net::failure(EBADMSG, "no question: " + net::foreign_text(why, kQuotedError));
  };
  try {
    auto question = parse_line(line, [](const nlohmann::json&) {}).get<Question>();
    if (!is_plain(question_line(question))) return no_question("it holds control characters");
    if (question.interval < kShortestInterval || question.interval > kLongestInterval)
      return no_question("its interval is out of bounds");
    return question;
  } catch (const std::exception& error) {
    return no_question(error.what());
  }
}

}  // namespace agent
