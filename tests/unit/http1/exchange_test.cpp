// What its users' tests (imds, http, host) do not show: unix sockets that are busy, interruption,
// descriptors.
#include "http1/exchange.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <future>
#include <vector>

#include "net/descriptor.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// A unix socket whose backlog is full.
class Busy : public testing::Test {
 protected:
  Busy() {
    std::copy(path_.begin(), path_.end(), std::begin(address_.sun_path));
    EXPECT_EQ(::bind(listener_.get(), raw(), sizeof address_), 0);
    EXPECT_EQ(::listen(listener_.get(), 0), 0);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (true) {
      net::Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      if (::connect(client.get(), raw(), sizeof address_) != 0) break;
      clients_.push_back(std::move(client));
    }
    EXPECT_EQ(errno, EAGAIN);
  }
  ~Busy() override { std::filesystem::remove(path_); }

  [[nodiscard]] http1::Request request(std::chrono::milliseconds patience) const {
    return {.peer = {.address = {}, .port = 0, .unix_path = path_},
            .target = "/",
            .host = "localhost",
            .connect_by = steady_clock::now() + patience,
            .finish_by = steady_clock::now() + patience};
  }

  /// Takes those who fill the backlog and the one after them, whom it answers.
  void serve() {
    for (std::size_t i = 0; i < clients_.size(); ++i) (void)accepted();
    const auto client = accepted();
    std::array<char, 1000> request{};
    EXPECT_GT(::recv(client.get(), request.data(), request.size(), 0), 0);
    constexpr std::string_view kAnswer = "HTTP/1.1 204 No Content\r\n\r\n";
    EXPECT_GT(::send(client.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL), 0);
  }

 private:
  [[nodiscard]] const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&address_); }
  [[nodiscard]] net::Descriptor accepted() const {
    return net::Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

  std::string path_ = testing::TempDir() + "http1-" + std::to_string(::getpid());
  sockaddr_un address_{AF_UNIX, {}};
  net::Descriptor listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::vector<net::Descriptor> clients_;
};

TEST_F(Busy, IsGivenUpAtTheDeadline) {
  const auto answer = http1::Exchange().get(request(50ms));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code.value(), ETIMEDOUT);
  EXPECT_EQ(answer.error().stage, http1::Failure::Stage::connecting);
}

TEST_F(Busy, IsAskedAgainUntilItTakesTheConnection) {
  auto answer = std::async(std::launch::async, [this] { return http1::Exchange().get(request(20s)); });
  serve();
  EXPECT_EQ(answer.get().value().status, 204U);
}

TEST_F(Busy, IsLeftAloneAfterAnInterrupt) {
  http1::Exchange exchange;
  auto answer = std::async(std::launch::async, [&] { return exchange.get(request(20s)); });
  exchange.interrupt();
  EXPECT_EQ(answer.get().error().code.value(), ECANCELED);
}

TEST_F(Busy, NoProgramThatIsStartedMeanwhileGetsTheSocket) {
  auto asked = request(20s);
  int flags = 0;
  asked.before_close = [&flags](int socket) { flags = ::fcntl(socket, F_GETFD); };
  auto answer = std::async(std::launch::async, [&] { return http1::Exchange().get(asked); });
  serve();
  EXPECT_TRUE(answer.get());
  EXPECT_EQ(flags, FD_CLOEXEC);
}

TEST(UnixSocket, ThatIsNotThereOrHasTooLongANameIsAnError) {
  http1::Request request{.peer = {.address = {}, .port = 0, .unix_path = "/nowhere/at/all"},
                         .target = "/",
                         .host = "localhost",
                         .connect_by = steady_clock::now() + 20s,
                         .finish_by = steady_clock::now() + 20s};
  EXPECT_EQ(http1::Exchange().get(request).error().code.value(), ENOENT);
  request.peer.unix_path = std::string(108, 'x');
  EXPECT_EQ(http1::Exchange().get(request).error().code.value(), ENAMETOOLONG);
}

}  // namespace
