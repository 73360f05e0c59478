#include "checks/trace/question.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using Words = std::vector<std::string>;

TEST(TraceQuestion, IsReadAsItIsWritten) {
  const struct {
    Words words;
    const char* text;
  } kQuestions[] = {
      {{"10.244.1.7", "to", "10.244.2.9"}, "10.244.1.7 to 10.244.2.9"},
      {{"10.244.1.7", "10.244.2.9"}, "10.244.1.7 to 10.244.2.9"},
      {{"10.244.2.9"}, "node to 10.244.2.9"},
      {{"node", "to", "10.244.2.9:53"}, "node to 10.244.2.9:53/tcp"},
      {{"10.244.1.7", "to", "10.244.2.9:443"}, "10.244.1.7 to 10.244.2.9:443/tcp"},
      {{"10.244.1.7", "to", "10.244.2.9:443/udp"}, "10.244.1.7 to 10.244.2.9:443/udp"},
      {{"10.244.1.7", "to", "10.244.2.9:443/tcp"}, "10.244.1.7 to 10.244.2.9:443/tcp"},
      {{"fd00::1", "to", "2001:db8::1"}, "fd00::1 to 2001:db8::1"},
      {{"fd00::1", "to", "[2001:db8::1]"}, "fd00::1 to 2001:db8::1"},
      {{"fd00::1", "to", "[2001:db8::1]:443"}, "fd00::1 to [2001:db8::1]:443/tcp"},
      {{"fd00::1", "[2001:db8::1]:65535/udp"}, "fd00::1 to [2001:db8::1]:65535/udp"},
  };
  for (const auto& each : kQuestions) {
    const auto question = trace::parse_question(each.words);
    ASSERT_TRUE(question) << each.text << ": " << question.error().what;
    EXPECT_EQ(trace::question_text(*question), each.text);
  }
}

TEST(TraceQuestion, OfItsTextIsItself) {
  for (const auto* text : {"10.244.2.9:443/udp", "[2001:db8::1]:443/tcp", "10.244.2.9", "2001:db8::1"}) {
    const auto question = trace::parse_question(Words{text});
    ASSERT_TRUE(question) << text;
    EXPECT_EQ(trace::destination_text(*question), text);
  }
}

TEST(TraceQuestion, ThatCannotBeAskedSaysWhy) {
  const struct {
    Words words;
    const char* why;
  } kRefused[] = {
      {{}, "it takes a destination"},
      {{"10.244.1.7", "from", "10.244.2.9"}, "it takes a destination"},
      {{"a", "to", "b", "c"}, "it takes a destination"},
      {{"nobody", "to", "10.244.2.9"}, "'nobody' is neither an address nor the word node"},
      {{"10.244.1.0/24", "to", "10.244.2.9"}, "is neither an address nor the word node"},
      {{"10.244.1.7", "to", "10.244.2.0/24"}, "names a protocol without a port"},
      {{"10.244.1.7", "to", "pod-b"}, "'pod-b' is no address"},
      {{"10.244.1.7", "to", ""}, "'' is no address"},
      {{"10.244.1.7", "to", "10.244.2.9:"}, "has a port that is not of 1 to 65535"},
      {{"10.244.1.7", "to", "10.244.2.9:0"}, "has a port that is not of 1 to 65535"},
      {{"10.244.1.7", "to", "10.244.2.9:65536"}, "has a port that is not of 1 to 65535"},
      {{"10.244.1.7", "to", "10.244.2.9:+1"}, "has a port that is not of 1 to 65535"},
      {{"10.244.1.7", "to", "10.244.2.9:https"}, "has a port that is not of 1 to 65535"},
      {{"10.244.1.7", "to", "10.244.2.9:1/sctp"}, "names a protocol other than tcp and udp"},
      {{"10.244.1.7", "to", "10.244.2.9:1/"}, "names a protocol other than tcp and udp"},
      {{"fd00::1", "to", "[2001:db8::1"}, "is no address"},
      {{"fd00::1", "to", "[2001:db8::1]443"}, "is no address"},
      {{"10.244.1.7", "to", "2001:db8::1"}, "are of two families"},
      {{"10.244.1.7", "to", "10.244.1.7:80"}, "is both ends of it"},
      {{"0.0.0.0", "to", "10.244.1.7"}, "is nobody's address"},
      {{"node", "to", "::"}, "is nobody's address"},
      {{"127.0.0.1", "to", "10.244.1.7"}, "is every machine's own"},
      {{"node", "to", "::1"}, "is every machine's own"},
      {{"node", "to", "224.0.0.1"}, "is no single host's"},
      {{"node", "to", "255.255.255.255"}, "is no single host's"},
      {{"node", "to", "ff02::1"}, "is no single host's"},
      {{"node", "to", "fe80::1"}, "is of one link alone"},
      {{"10.244.1.7", "to", "\x1b[31m"}, "'?[31m' is no address"},
  };
  for (const auto& each : kRefused) {
    const auto question = trace::parse_question(each.words);
    ASSERT_FALSE(question) << each.why;
    EXPECT_NE(question.error().what.find(each.why), std::string::npos) << question.error().what;
  }
}

}  // namespace
