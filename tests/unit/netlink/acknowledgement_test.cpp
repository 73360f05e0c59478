#include "netlink/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <limits>
#include <string_view>

#include "tests/unit/netlink/message_bytes.h"

namespace {

using testing::HasSubstr;

netlink::Outcome outcome_of(const MessageBytes& bytes) { return bytes.decoded_by(netlink::outcome_in); }

/// An NLMSG_ERROR as the kernel builds it: errno, the refused header, perhaps the refused payload, and
/// perhaps the kernel's words.
class Reply {
 public:
  Reply(int error, std::size_t payload, bool capped)
      : bytes_(netlink::Message(NLMSG_ERROR, capped ? NLM_F_CAPPED : 0, made(error, payload))) {
    if (!capped) bytes_.bytes().resize(bytes_.bytes().size() + payload);
    finish();
  }
  Reply& say(std::string_view words) {
    const nlattr head{.nla_len = static_cast<unsigned short>(NLA_HDRLEN + words.size() + 1),
                      .nla_type = NLMSGERR_ATTR_MSG};
    const auto* first = reinterpret_cast<const std::byte*>(&head);
    bytes_.bytes().insert(bytes_.bytes().end(), first, first + sizeof(head));
    for (const char each : words) bytes_.bytes().push_back(static_cast<std::byte>(each));
    bytes_.bytes().push_back(std::byte{0});
    bytes_.header().nlmsg_flags |= NLM_F_ACK_TLVS;
    finish();
    return *this;
  }
  [[nodiscard]] const MessageBytes& bytes() const { return bytes_; }

 private:
  static nlmsgerr made(int error, std::size_t payload) {
    nlmsgerr reply{};
    reply.error = error;
    reply.msg.nlmsg_len = static_cast<std::uint32_t>(NLMSG_HDRLEN + payload);
    return reply;
  }
  void finish() {
    bytes_.bytes().resize(NLMSG_ALIGN(bytes_.bytes().size()));
    bytes_.header().nlmsg_len = static_cast<std::uint32_t>(bytes_.bytes().size());
  }
  MessageBytes bytes_;
};

TEST(Outcome, OfAnAcknowledgementIsSuccess) {
  EXPECT_EQ(outcome_of(Reply(0, 0, true).bytes()).error, 0);
  EXPECT_EQ(outcome_of(Reply(0, 0, true).bytes()).words, "");
}

TEST(Outcome, SaysStrerrorsWordsWhereTheKernelSaysNone) {
  const auto outcome = outcome_of(Reply(-ESRCH, 44, true).bytes());
  EXPECT_EQ(outcome.error, ESRCH);
  EXPECT_EQ(outcome.words, "No such process");
}

TEST(Outcome, SaysTheKernelsWordsAndStrerrors) {
  for (const bool capped : {true, false}) {
    for (const std::size_t payload : {0U, 1U, 44U, 45U}) {
      const auto outcome =
          outcome_of(Reply(-ENETUNREACH, payload, capped).say("Nexthop has invalid gateway").bytes());
      EXPECT_EQ(outcome.error, ENETUNREACH);
      EXPECT_EQ(outcome.words, "Nexthop has invalid gateway (Network is unreachable)")
          << capped << " " << payload;
    }
  }
}

TEST(Outcome, OfADumpsEndCarriesItsErrorAndWords) {
  EXPECT_EQ(outcome_of(MessageBytes(netlink::Message(NLMSG_DONE, 0, int{0}))).error, 0);
  EXPECT_EQ(outcome_of(MessageBytes(netlink::Message(NLMSG_DONE, 0, int{-ENOENT}))).error, ENOENT);
}

TEST(Outcome, OfAMessageThatIsTooShortIsAProtocolError) {
  MessageBytes done(netlink::Message(NLMSG_DONE, 0, int{0}));
  for (std::size_t length = NLMSG_HDRLEN; length < NLMSG_HDRLEN + sizeof(int); ++length) {
    EXPECT_EQ(outcome_of(done.cut_to(length)).error, EPROTO);
  }
}

TEST(Outcome, OfAnImpossibleNumberIsAProtocolError) {
  EXPECT_EQ(outcome_of(Reply(std::numeric_limits<int>::min(), 0, true).bytes()).error, EPROTO);
}

TEST(Outcome, OfAReplyCutAnywhereKeepsTheErrorAndNeverReadsBeyondIt) {
  const auto whole = Reply(-EINVAL, 44, false).say("Invalid prefsrc address").bytes();
  auto bytes = whole;
  for (std::size_t length = NLMSG_HDRLEN + sizeof(int); length < bytes.bytes().size(); ++length) {
    const auto outcome = outcome_of(whole.cut_to(length));
    EXPECT_EQ(outcome.error, EINVAL);
    EXPECT_THAT(outcome.words, HasSubstr("Invalid argument"));
  }
}

TEST(Outcome, DoesNotBelieveALengthBeyondTheMessage) {
  auto lying = Reply(-EINVAL, 44, false).say("words").bytes();
  const std::uint32_t length = 0xfffffff0;
  std::memcpy(lying.bytes().data() + NLMSG_HDRLEN + sizeof(int), &length, sizeof(length));
  EXPECT_EQ(outcome_of(lying).words, "Invalid argument");
}

}  // namespace
