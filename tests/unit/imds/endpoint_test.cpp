#include "imds/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace {

using testing::HasSubstr;

TEST(Endpoint, LiteralAddressesAreTaken) {
  const struct {
    const char* text;
    const char* address;
    std::uint16_t port;
    const char* authority;
  } cases[] = {
      {"http://169.254.169.254", "169.254.169.254", 80, "169.254.169.254"},
      {"http://169.254.169.254/", "169.254.169.254", 80, "169.254.169.254"},
      {"http://169.254.169.254:80", "169.254.169.254", 80, "169.254.169.254"},
      {"http://127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1:8080"},
      {"http://127.0.0.1:8080/", "127.0.0.1", 8080, "127.0.0.1:8080"},
      {"http://[::1]", "::1", 80, "[::1]"},
      {"http://[FD00:0::1]:65535/", "fd00::1", 65535, "[fd00::1]:65535"},
  };
  for (const auto& [text, address, port, authority] : cases) {
    SCOPED_TRACE(text);
    const auto endpoint = imds::parse_endpoint(text);
    ASSERT_TRUE(endpoint) << endpoint.error().what;
    EXPECT_EQ(endpoint->address.text(), address);
    EXPECT_EQ(endpoint->port, port);
    EXPECT_EQ(endpoint->authority, authority);
  }
}

TEST(Endpoint, EverythingElseIsRefusedWithTheReasonAndAWayOut) {
  const struct {
    const char* text;
    const char* why;
  } cases[] = {
      {"", "does not begin with http://"},
      {"169.254.169.254", "does not begin with http://"},
      {"https://169.254.169.254", "does not begin with http://"},
      {"http://", "names no literal address"},
      {"http:///", "names no literal address"},
      {"http://localhost", "names are not resolved"},
      {"http://metadata.example:80", "names are not resolved"},
      {"http://user@169.254.169.254", "names no literal address"},
      {"http://169.254.169.254/metadata", "names no literal address"},
      {"http://::1", "names no literal address"},
      {"http://[127.0.0.1]", "names no literal address"},
      {"http://[::1", "no closing bracket"},
      {"http://[::1]x", "something other than a port"},
      {"http://127.0.0.1:", "something other than a port"},
      {"http://127.0.0.1:0", "something other than a port"},
      {"http://127.0.0.1:65536", "something other than a port"},
      {"http://127.0.0.1:80/metadata", "something other than a port"},
  };
  for (const auto& [text, why] : cases) {
    SCOPED_TRACE(text);
    const auto endpoint = imds::parse_endpoint(text);
    ASSERT_FALSE(endpoint);
    EXPECT_EQ(endpoint.error().code.value(), EINVAL);
    EXPECT_THAT(endpoint.error().what, HasSubstr(why));
    EXPECT_THAT(endpoint.error().what, HasSubstr("write http://169.254.169.254"));
  }
}

}  // namespace
