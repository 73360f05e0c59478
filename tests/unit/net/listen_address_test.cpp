#include "net/listen_address.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using net::listen_text;
using net::parse_listen;

TEST(ListenAddress, ReadsAddressAndPort) {
  const auto ipv4 = parse_listen("127.0.0.1:16925");
  ASSERT_TRUE(ipv4) << ipv4.error().what;
  EXPECT_EQ(ipv4->address.text(), "127.0.0.1");
  EXPECT_EQ(ipv4->port, 16925);

  const auto ipv6 = parse_listen("[::1]:0");
  ASSERT_TRUE(ipv6) << ipv6.error().what;
  EXPECT_EQ(ipv6->address.text(), "::1");
  EXPECT_EQ(ipv6->port, 0);
}

TEST(ListenAddress, ReadsThePathOfAUnixSocket) {
  const auto local = parse_listen("unix:/run/a b:c.sock");
  ASSERT_TRUE(local) << local.error().what;
  EXPECT_TRUE(local->is_unix());
  EXPECT_EQ(local->unix_path, "/run/a b:c.sock");
}

TEST(ListenAddress, UnixPathFitsTheSocketAddress) {
  EXPECT_TRUE(parse_listen("unix:/" + std::string(106, 'x')));
  const auto longer = parse_listen("unix:/" + std::string(107, 'x'));
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().what.substr(0, 45), "the path of a unix socket has at most 107 byt");
}

TEST(ListenAddress, RefusesWhatIsNotALiteralAddressWithPort) {
  for (const std::string_view text : {"",
                                      ":",
                                      "16925",
                                      ":16925",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:-1",
                                      "127.0.0.1:+1",
                                      "127.0.0.1: 1",
                                      "127.0.0.1:1x",
                                      "localhost:16925",
                                      "::1:16925",
                                      "[::1]",
                                      "[::1]:",
                                      "[]:1",
                                      "[127.0.0.1]:1",
                                      "[::1:1",
                                      "*:16925",
                                      "http://127.0.0.1:1",
                                      "unix:",
                                      "unix:relative",
                                      "Unix:/x"}) {
    EXPECT_FALSE(parse_listen(text)) << text;
  }
  EXPECT_FALSE(parse_listen(std::string_view("unix:/a\0b", 9)));
}

TEST(ListenAddress, TextIsReadBackAsTheSame) {
  for (const std::string_view text :
       {"127.0.0.1:16925", "0.0.0.0:0", "[::1]:65535", "[fe80::1]:80", "unix:/run/x"}) {
    EXPECT_EQ(listen_text(parse_listen(text).value()), text);
  }
}

}  // namespace
