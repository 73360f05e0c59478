#include "arm/refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <utility>

#include "https/sent_secrets.h"
#include "json/json.h"
#include "net/foreign_text.h"

namespace arm {
namespace {

constexpr std::size_t kQuotedReason = 160;
constexpr std::size_t kLongestAction = 160;
constexpr unsigned kThrottled = 429;
constexpr auto kLocked = "RetryableErrorDueToAnotherOperation";

bool is_action_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '.' ||
         c == '-' || c == '*';
}

/// The permission in "… does not have authorization to perform action 'X' over scope …"; the rest of that
/// message names principals. Else the one that a read of this kind needs.
std::string action_of(const std::string& message, const Kind& kind) {
  constexpr std::string_view kBefore = "perform action '";
  const auto found = message.find(kBefore);
  if (found == std::string::npos) return std::string(kind.action);
  const auto begin = found + kBefore.size();
  const auto action = message.substr(begin, message.find('\'', begin) - begin);
  const bool sound = !action.empty() && action.size() <= kLongestAction &&
                     std::all_of(action.begin(), action.end(), is_action_letter);
  return sound ? action : std::string(kind.action);
}

/// "403 AuthorizationFailed"
std::string answer_of(unsigned status, const Reason& reason) {
  const auto code = net::foreign_text(reason.code, kQuotedReason);
  return code.empty() ? fmt::format("{}", status) : fmt::format("{} {}", status, code);
}

struct Meaning {
  int code;
  std::string sentence;
};

Meaning meaning_of(unsigned status, const Reason& reason, const Subject& subject,
                   std::string_view principal) {
  const auto phrase = subject.phrase();
  const auto answer = answer_of(status, reason);
  if (status == 401) {
    return {EACCES,
            fmt::format("it does not accept the managed identity's token ({}), not even a fresh one: check "
                        "this node's clock, and that azure.json names the cloud that this VM is in",
                        answer)};
  }
  if (status == 403) {
    return {EACCES, fmt::format("no permission to read {} ({}): grant Reader, or the action {}, on it to {}; "
                                "a grant takes some minutes to have effect",
                                phrase, answer, action_of(reason.message, subject.kind), principal)};
  }
  if (status == 404) {
    return {ENOENT, fmt::format("{} is not there ({}): it was deleted or moved", phrase, answer)};
  }
  if (status == kThrottled && reason.code == kLocked) {
    return {EAGAIN, fmt::format("{} is being changed by another operation ({}); read again next time", phrase,
                                answer)};
  }
  if (status == kThrottled) {
    return {EBUSY,
            fmt::format("it asks for fewer requests ({}): the subscription's or this identity's limit is "
                        "reached, perhaps by others; asked again when the time that it named is over",
                        answer)};
  }
  if (status >= 500) {
    return {EAGAIN,
            fmt::format("{} could not be read ({}): a passing failure of Azure's; read again next time",
                        phrase, answer)};
  }
  if (status >= 300 && status < 400) {
    return {
        EOPNOTSUPP,
        fmt::format("it redirects ({}) the request for {}, which it never does for a read: something else "
                    "answers; the redirect is not followed",
                    answer, phrase)};
  }
  const auto message = net::foreign_text(reason.message, kQuotedReason);
  return {EOPNOTSUPP, fmt::format("it answers {} to the request for {}{}{}", answer, phrase,
                                  message.empty() ? "" : ": ", message)};
}

}  // namespace

Reason reason_of(std::string_view text) {
  if (text == https::kWithheld) return {.code = "", .message = std::string(text)};
  const auto document = json::parse(text).value_or(json::Value());
  const auto& error = json::at(document, "error");
  return {.code = json::text(json::at(error, "code")), .message = json::text(json::at(error, "message"))};
}

bool is_throttling(const https::Response& response) {
  return response.status == kThrottled && reason_of(response.body).code != kLocked;
}

net::Error refusal(const https::Response& response, const Subject& subject, std::string_view host,
                   std::string_view principal) {
  const auto reason = reason_of(response.body);
  const auto meaning = meaning_of(response.status, reason, subject, principal);
  return {{meaning.code, std::system_category()}, fmt::format("ARM at {}: {}", host, meaning.sentence)};
}

namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr milliseconds kLongest = std::chrono::hours(24);
constexpr int kFirstYear = 1900;  // of std::tm

const std::string* header(const std::map<std::string, std::string>& headers, const char* name) {
  const auto found = headers.find(name);
  return found == headers.end() ? nullptr : &found->second;
}

milliseconds bounded(milliseconds wait) { return std::clamp(wait, milliseconds(0), kLongest); }

std::optional<milliseconds> number_of(const std::string* text, milliseconds unit) {
  std::uint32_t number = 0;
  if (text == nullptr) return std::nullopt;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (stop != end || text->empty() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) return kLongest;
  return bounded(number * unit);
}

/// "Wed, 21 Oct 2015 07:28:00 GMT", the one form that RFC 9110 lets anyone send.
std::optional<system_clock::time_point> date_of(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  std::istringstream stream(*text);
  stream.imbue(std::locale::classic());
  std::tm parts{};
  stream >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S GMT");
  if (stream.fail()) return std::nullopt;
  const std::chrono::year_month_day day(std::chrono::year(parts.tm_year + kFirstYear),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

}  // namespace

std::optional<milliseconds> retry_after(const std::map<std::string, std::string>& headers,
                                        system_clock::time_point now) {
  for (const char* name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    if (const auto wait = number_of(header(headers, name), milliseconds(1))) return wait;
  }
  const auto* plain = header(headers, "retry-after");
  if (const auto wait = number_of(plain, std::chrono::seconds(1))) return wait;
  const auto until = date_of(plain);
  if (!until) return std::nullopt;
  const auto since = date_of(header(headers, "date")).value_or(now);
  return bounded(std::chrono::duration_cast<milliseconds>(*until - since));
}

}  // namespace arm
