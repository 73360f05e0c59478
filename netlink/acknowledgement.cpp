#include "netlink/acknowledgement.h"

#include <fmt/format.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "netlink/attributes.h"

namespace netlink {
namespace {

std::string extended_words(const nlmsghdr& header, std::size_t fixed) {
  const auto payload = static_cast<std::size_t>(nlmsg_datalen(&header));
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0 || payload <= fixed) return "";
  auto* first = reinterpret_cast<nlattr*>(static_cast<char*>(nlmsg_data(&header)) + fixed);
  Attributes<NLMSGERR_ATTR_MAX> attributes{};
  if (nla_parse(attributes.data(), NLMSGERR_ATTR_MAX, first, static_cast<int>(payload - fixed), nullptr) < 0)
    return "";
  const auto* message = attributes[NLMSGERR_ATTR_MSG];
  if (message == nullptr) return "";
  const auto* text = static_cast<const char*>(nla_data(message));
  return {text, strnlen(text, static_cast<std::size_t>(nla_len(message)))};
}

}  // namespace

Outcome outcome_in(const nlmsghdr& header) {
  int code = 0;
  if (static_cast<std::size_t>(nlmsg_datalen(&header)) < sizeof(code)) {
    // A DONE without a code ends every dump of old kernels.
    const int error = header.nlmsg_type == NLMSG_DONE ? 0 : EPROTO;
    return {.error = error, .words = error == 0 ? "" : std::strerror(error)};
  }
  std::memcpy(&code, nlmsg_data(&header), sizeof(code));
  Outcome outcome;
  outcome.error = code < 0 ? -code : 0;
  if (outcome.error == 0) return outcome;
  std::size_t fixed = sizeof(code);
  if (header.nlmsg_type == NLMSG_ERROR) {
    fixed = sizeof(nlmsgerr);
    nlmsgerr error{};
    std::memcpy(&error, nlmsg_data(&header),
                std::min(sizeof(error), static_cast<std::size_t>(nlmsg_datalen(&header))));
    // Without NETLINK_CAP_ACK the whole refused message stands before the attributes.
    if ((header.nlmsg_flags & NLM_F_CAPPED) == 0 && error.msg.nlmsg_len > sizeof(nlmsghdr)) {
      fixed += NLMSG_ALIGN(error.msg.nlmsg_len) - sizeof(nlmsghdr);
    }
  }
  const auto words = extended_words(header, fixed);
  outcome.words = words.empty() ? std::strerror(outcome.error)
                                : fmt::format("{} ({})", words, std::strerror(outcome.error));
  return outcome;
}

}  // namespace netlink
