#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "requests.h"
#include "tls_server.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::HasSubstr;

constexpr auto kDeadline = 300ms;
constexpr auto kSlack = 2s;  // for a busy machine; a drip lasts far longer

/// One byte every 10 ms until the client has gone: no read ever waits long.
void drip(SSL* ssl, const std::string& text) {
  while (RawTlsServer::say(ssl, text)) std::this_thread::sleep_for(10ms);
}

class HostileServer : public testing::Test {
 protected:
  net::Result<https::Response> ask(RawTlsServer::Script script, std::chrono::milliseconds within = 20s) {
    const RawTlsServer server(ca_.issue("DNS:localhost"), std::move(script));
    const auto start = steady_clock::now();
    auto response = https::get(believing(ca_.pem()), asking(server.url(), within));
    took_ = steady_clock::now() - start;
    return response;
  }

  void expect(const net::Result<https::Response>& response, int code, const char* why) const {
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code.value(), code) << response.error().what;
    EXPECT_THAT(response.error().what, HasSubstr(why));
  }

  CertificateAuthority ca_;
  steady_clock::duration took_{};
};

TEST_F(HostileServer, ADrippingHeaderMeetsTheDeadline) {
  const auto response = ask(
      [](SSL* ssl) {
        RawTlsServer::say(ssl, "HTTP/1.1 200 OK\r\nX: ");
        drip(ssl, "x");
      },
      kDeadline);
  expect(response, ETIMEDOUT, "in time");
  EXPECT_LT(took_, kDeadline + kSlack);
}

TEST_F(HostileServer, ADrippingBodyMeetsTheDeadline) {
  const auto response = ask(
      [](SSL* ssl) {
        RawTlsServer::say(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        drip(ssl, "x");
      },
      kDeadline);
  expect(response, ETIMEDOUT, "in time");
  EXPECT_LT(took_, kDeadline + kSlack);
}

TEST_F(HostileServer, SilenceMeetsTheDeadline) {
  const auto response = ask(
      [](SSL* ssl) {
        while (!RawTlsServer::read_request(ssl).empty()) {
        }
      },
      kDeadline);
  expect(response, ETIMEDOUT, "in time");
  EXPECT_LT(took_, kDeadline + kSlack);
}

TEST_F(HostileServer, AStreamOfNothingNewMeetsTheDeadline) {
  const RawTlsServer server(ca_.issue("DNS:localhost"), [](SSL* ssl) {
    RawTlsServer::say(ssl, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    drip(ssl, "2\r\nx\n\r\n");
  });
  int lines = 0;
  const auto response =
      https::stream(believing(ca_.pem()), asking(server.url(), 1s), [&](std::string_view line) {
        EXPECT_EQ(line, "x");
        return ++lines > 0;
      });
  expect(response, ETIMEDOUT, "in time");
  EXPECT_GT(lines, 1);
}

TEST_F(HostileServer, ADrippingHandshakeMeetsTheDeadline) {
  // A handshake record of 16 KiB, announced and never complete.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&here), size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&here), &size), 0);
  std::thread server([listener] {
    const int peer = ::accept(listener, nullptr, nullptr);
    const std::string record("\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", 9);
    ssize_t sent = ::send(peer, record.data(), record.size(), MSG_NOSIGNAL);
    while (sent > 0) {
      std::this_thread::sleep_for(10ms);
      sent = ::send(peer, "x", 1, MSG_NOSIGNAL);
    }
    ::close(peer);
  });
  const auto start = steady_clock::now();
  const auto response =
      https::get({}, asking("https://127.0.0.1:" + std::to_string(ntohs(here.sin_port)), kDeadline));
  const auto took = steady_clock::now() - start;
  ::shutdown(listener, SHUT_RDWR);
  server.join();
  ::close(listener);
  expect(response, ETIMEDOUT, "in time");
  EXPECT_LT(took, kDeadline + kSlack);
}

TEST_F(HostileServer, AHeaderWithoutEndIsCutOff) {
  for (const char* start : {"HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nX: ", ""}) {
    SCOPED_TRACE(start);
    std::size_t said = 0;
    const auto response = ask([&](SSL* ssl) {
      RawTlsServer::say(ssl, start);
      const std::string flood(16384, 'x');
      while (RawTlsServer::say(ssl, flood)) said += flood.size();
    });
    expect(response, EPROTO, "HTTP");
    EXPECT_LT(said, std::size_t{32} << 20);  // the sockets' buffers take some
  }
}

TEST_F(HostileServer, HeadersWithoutNumberAreCutOff) {
  const auto response = ask([](SSL* ssl) {
    RawTlsServer::say(ssl, "HTTP/1.1 200 OK\r\n");
    while (RawTlsServer::say(ssl, "X: y\r\n")) {
    }
  });
  expect(response, EPROTO, "HTTP");
}

TEST_F(HostileServer, WhatIsNotHttpIsSaidSo) {
  for (const char* text : {"SSH-2.0-OpenSSH_9.2\r\n", "\r\n\r\n", "HTTP/1.1 OK\r\n\r\n",
                           "HTTP/1.1 99999 x\r\n\r\n", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Le"}) {
    SCOPED_TRACE(text);
    const auto response = ask([text](SSL* ssl) {
      RawTlsServer::read_request(ssl);
      RawTlsServer::say(ssl, text);
      SSL_shutdown(ssl);
    });
    expect(response, EPROTO, "does not speak HTTP");
  }
}

TEST_F(HostileServer, ClosingWithoutAWordIsAReset) {
  expect(ask([](SSL* ssl) { RawTlsServer::read_request(ssl); }), ECONNRESET, "without an answer");
}

TEST_F(HostileServer, AnAnswerCutShortIsNoAnswer) {
  for (const char* text : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    for (const bool politely : {false, true}) {
      SCOPED_TRACE(text);
      const auto response = ask([&](SSL* ssl) {
        RawTlsServer::read_request(ssl);
        RawTlsServer::say(ssl, text);
        if (politely) SSL_shutdown(ssl);
      });
      expect(response, ECONNRESET, "broke");
    }
  }
}

TEST_F(HostileServer, AnAnswerThatEndsWhereverTheConnectionDoesIsNotTaken) {
  const auto response = ask([](SSL* ssl) {
    RawTlsServer::read_request(ssl);
    RawTlsServer::say(ssl, "HTTP/1.1 200 OK\r\n\r\nhello");
    SSL_shutdown(ssl);
  });
  expect(response, EPROTO, "no length");
}

TEST_F(HostileServer, AMalformedBodyIsNoBrokenConnection) {
  for (const char* chunk : {"ffffffffffffffff1\r\n", "-5\r\nhello\r\n", "x\r\n"}) {
    SCOPED_TRACE(chunk);
    const auto response = ask([chunk](SSL* ssl) {
      RawTlsServer::read_request(ssl);
      RawTlsServer::say(ssl, std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") + chunk);
    });
    expect(response, EPROTO, "malformed");
  }
}

TEST_F(HostileServer, InterimAnswersArePassedOver) {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
  const auto response = ask([&](SSL* ssl) {
    RawTlsServer::read_request(ssl);
    RawTlsServer::say(ssl, interim + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  });
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(response->body, "hello");
  const auto endless = ask([&](SSL* ssl) {
    RawTlsServer::read_request(ssl);
    while (RawTlsServer::say(ssl, interim)) {
    }
  });
  expect(endless, EPROTO, "HTTP");
}

}  // namespace
