#include "agent/cloud/question.h"

#include <nlohmann/json.hpp>

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

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Question, imds_endpoint, resource_id, mac, environment, node_name,
                                   kubeconfig, cloud_config, client_id, verify, interval)

std::string question_line(const Question& question) {
  return nlohmann::json(question).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

net::Result<Question> parse_question(std::string_view line) {
  try {
    return nlohmann::json::parse(line).get<Question>();
  } catch (const std::exception& error) {
    return net::failure(EBADMSG, std::string("no question: ") + error.what());
  }
}

}  // namespace agent
