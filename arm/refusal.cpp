#include "arm/refusal.h"

#include <fmt/format.h>

#include <algorithm>
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

Meaning meaning_of(unsigned status, const Reason& reason, const Subject& subject) {
  const auto phrase = subject.phrase();
  const auto answer = answer_of(status, reason);
  if (status == 401) {
    return {EACCES,
            fmt::format("it does not accept the managed identity's token ({}), not even a fresh one: check "
                        "this node's clock, and that azure.json names the cloud that this VM is in",
                        answer)};
  }
  if (status == 403) {
    return {EACCES, fmt::format("no permission to read {} ({}): grant Reader, or the action {}, on it to the "
                                "VM's managed identity; a grant takes some minutes to have effect",
                                phrase, answer, action_of(reason.message, subject.kind))};
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

net::Error refusal(const https::Response& response, const Subject& subject, std::string_view host) {
  const auto reason = reason_of(response.body);
  const auto meaning = meaning_of(response.status, reason, subject);
  return {{meaning.code, std::system_category()}, fmt::format("ARM at {}: {}", host, meaning.sentence)};
}

}  // namespace arm
