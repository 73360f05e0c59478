#include "netlink/acknowledgement.h"

#include <fmt/format.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>

#include "netlink/attributes.h"

namespace netlink {
namespace {

std::string strerror_of(int error) { return std::system_category().message(error); }

/// Where the extended acknowledgement's attributes begin in the payload.
std::size_t attributes_at(const nlmsghdr& header) {
  if (header.nlmsg_type == NLMSG_DONE) return sizeof(int);
  nlmsgerr error{};
  std::memcpy(&error, nlmsg_data(&header),
              std::min(sizeof(error), static_cast<std::size_t>(nlmsg_datalen(&header))));
  // Without NETLINK_CAP_ACK the whole refused message stands before them.
  const bool capped = (header.nlmsg_flags & NLM_F_CAPPED) != 0 || error.msg.nlmsg_len <= sizeof(nlmsghdr);
  return sizeof(error) + (capped ? 0 : std::size_t{NLMSG_ALIGN(error.msg.nlmsg_len)} - sizeof(nlmsghdr));
}

std::string extended_words(const nlmsghdr& header) {
  const auto payload = static_cast<std::size_t>(nlmsg_datalen(&header));
  const auto offset = attributes_at(header);
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0 || payload <= offset) return "";
  auto* first = reinterpret_cast<nlattr*>(static_cast<char*>(nlmsg_data(&header)) + offset);
  std::array<nlattr*, NLMSGERR_ATTR_MAX + 1> attributes{};
  if (nla_parse(attributes.data(), NLMSGERR_ATTR_MAX, first, static_cast<int>(payload - offset), nullptr) <
      0) {
    return "";
  }
  return text_in(attributes[NLMSGERR_ATTR_MSG]);
}

}  // namespace

Outcome outcome_in(const nlmsghdr& header) {
  int code = 0;
  if (nlmsg_datalen(&header) < static_cast<int>(sizeof(code))) {
    return {.error = EPROTO, .words = strerror_of(EPROTO)};
  }
  std::memcpy(&code, nlmsg_data(&header), sizeof(code));
  if (code >= 0) return {};
  // The most negative number has no positive one.
  const int error = code == std::numeric_limits<int>::min() ? EPROTO : -code;
  const auto words = extended_words(header);
  return {.error = error,
          .words = words.empty() ? strerror_of(error) : fmt::format("{} ({})", words, strerror_of(error))};
}

}  // namespace netlink
