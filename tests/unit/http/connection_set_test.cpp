// Whatever a crowd of clients does, a well-behaved probe is answered in time. Run alone: it measures time.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <thread>
#include <vector>

#include "agent/http/connection_set.h"
#include "promise.h"
#include "serving.h"
#include "wire.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

rlim_t descriptors(rlim_t soft) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min(soft, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

constexpr char kUnderWay = '!';
constexpr char kWentWrong = '?';

/// A process of misbehaving clients, so that their descriptors are not the server's. Forked before the
/// server's thread starts; told the port by a pipe.
class ManyClients {
 public:
  template <class Behaviour>
  explicit ManyClients(Behaviour behave) {
    if (::pipe(to_.data()) != 0 || ::pipe(from_.data()) != 0) throw std::runtime_error("pipe");
    child_ = ::fork();
    if (child_ != 0) return;
    ::close(to_[1]);
    descriptors(RLIM_INFINITY);
    std::uint16_t port = 0;
    if (::read(to_[0], &port, sizeof port) == sizeof port)
      behave(port, [this](char word = kUnderWay) { tell(word); });
    ::_exit(0);
  }
  ManyClients(const ManyClients&) = delete;
  ManyClients& operator=(const ManyClients&) = delete;
  ~ManyClients() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    for (const int fd : {to_[0], to_[1], from_[0], from_[1]}) ::close(fd);
  }

  void start(std::uint16_t port) {
    ASSERT_EQ(::write(to_[1], &port, sizeof port), static_cast<ssize_t>(sizeof port));
  }
  /// Until the behave have said a word.
  [[nodiscard]] char await() const {
    char word = 0;
    return ::read(from_[0], &word, 1) == 1 ? word : '\0';
  }

 private:
  void tell(char word) const {
    if (::write(from_[1], &word, 1) != 1) ::_exit(1);
  }

  pid_t child_ = -1;
  std::array<int, 2> to_{};
  std::array<int, 2> from_{};
};

/// A non-blocking connection that says `greeting` if it can; its descriptor, or -1.
int connect_to(std::uint16_t port, std::string_view greeting) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(port);
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::connect(fd, reinterpret_cast<const sockaddr*>(&there), sizeof there);
  if (!greeting.empty()) ::send(fd, greeting.data(), greeting.size(), MSG_NOSIGNAL);
  return fd;
}

std::chrono::milliseconds slowest_probe(const net::ListenAddress& where, steady_clock::duration span) {
  std::chrono::milliseconds slowest{0};
  const auto end = steady_clock::now() + span;
  while (steady_clock::now() < end) slowest = std::max(slowest, probe(where));
  testing::Test::RecordProperty("slowest_probe_ms", static_cast<int>(slowest.count()));
  return slowest;
}

TEST(ConnectionSet, SixtyFourSilentClientsDelayNoProbeByATenthOfASecond) {
  const Serving serving;
  std::vector<RawClient> silent;
  for (int i = 0; i < 64; ++i) silent.emplace_back(serving.where.port);
  EXPECT_LT(slowest_probe(serving.where, 1s), kPromisedAmongSilent);
}

TEST(ConnectionSet, ThreeThousandIdleClientsBeyondTheDescriptorLimitDelayNoProbeByASecond) {
  ManyClients clients([](std::uint16_t port, const auto& tell) {
    for (int i = 0; i < 3000; ++i) {
      if (connect_to(port, "") < 0) ::_exit(1);
    }
    tell();
    ::pause();
  });
  ASSERT_EQ(descriptors(1024), 1024U);
  const Serving serving;
  clients.start(serving.where.port);
  EXPECT_LT(slowest_probe(serving.where, 300ms), kPromised);  // while they arrive
  ASSERT_EQ(clients.await(), kUnderWay);
  EXPECT_LT(slowest_probe(serving.where, 1s), kPromised);
}

TEST(ConnectionSet, TenThousandConnectionsAtOnceDelayNoProbeByASecond) {
  ManyClients clients([](std::uint16_t port, const auto& tell) {
    static constexpr std::array<std::string_view, 5> kGreetings = {
        "", "GET /sta", "GET /status HTTP/1.1\r\n\r\n", "\x16\x03\x01 garbage \r\n\r\n",
        "GET / HTTP/1.1\r\nX: y\r\n"};
    for (std::size_t i = 0; i < 10'000; ++i) {
      if (i == 5000) tell();
      if (connect_to(port, kGreetings.at(i % kGreetings.size())) < 0) ::_exit(1);
    }
    ::pause();
  });
  const Serving serving;
  clients.start(serving.where.port);
  ASSERT_EQ(clients.await(), kUnderWay);
  EXPECT_LT(slowest_probe(serving.where, 2s), kPromised);
}

TEST(ConnectionSet, WavesOfClientsThatComeAndGoDelayNoProbeByASecond) {
  ManyClients clients([](std::uint16_t port, const auto& tell) {
    // Below the backlog: beyond it the kernel drops SYNs, and a probe's retry takes a second, whoever
    // listens.
    std::vector<int> open(1000);
    for (int wave = 0;; ++wave) {
      for (std::size_t i = 0; i < open.size(); ++i) {
        open[i] = connect_to(port, i % 2 == 0 ? "" : "GET /livez HTTP/1.1\r\n");
      }
      if (wave == 0) tell();
      for (const int fd : open) ::close(fd);
      ::usleep(20'000);
    }
  });
  const Serving serving;
  clients.start(serving.where.port);
  ASSERT_EQ(clients.await(), kUnderWay);
  EXPECT_LT(slowest_probe(serving.where, 2s), kPromised);
}

TEST(ConnectionSet, DrippingClientsDelayNoProbeByASecond) {
  ManyClients clients([](std::uint16_t port, const auto& tell) {
    std::vector<int> open;
    for (int i = 0; i < 200; ++i) open.push_back(connect_to(port, "GET / HTTP/1.1\r\n"));
    for (bool told = false;; told = true) {
      for (int& fd : open) {
        if (::send(fd, "X: y\r\n", 6, MSG_NOSIGNAL) > 0) continue;
        ::close(fd);
        fd = connect_to(port, "GET / HTTP/1.1\r\n");
      }
      if (!told) tell();
      ::usleep(1000);
    }
  });
  const Serving serving;
  clients.start(serving.where.port);
  ASSERT_EQ(clients.await(), kUnderWay);
  EXPECT_LT(slowest_probe(serving.where, 1s), kPromised);
}

TEST(ConnectionSet, WithoutADescriptorLeftTheOldestClientGoesAndTheNewOneIsServed) {
  ManyClients clients([](std::uint16_t port, const auto& tell) {
    for (int i = 0; i < 60; ++i) connect_to(port, "");
    // A probe needs a descriptor too: here it does not compete with the server.
    const net::ListenAddress where{
        .address = *net::Address::parse("127.0.0.1"), .port = port, .unix_path = ""};
    tell(slowest_probe(where, 500ms) < kPromised ? kUnderWay : kWentWrong);
    ::pause();
  });
  descriptors(128);
  const Serving serving;
  // Somebody else in the process takes all descriptors but a few.
  std::vector<int> taken;
  for (int fd = ::dup(STDERR_FILENO); fd >= 0; fd = ::dup(STDERR_FILENO)) taken.push_back(fd);
  for (int i = 0; i < 5; ++i, taken.pop_back()) ::close(taken.back());
  clients.start(serving.where.port);
  EXPECT_EQ(clients.await(), kUnderWay);
  for (const int fd : taken) ::close(fd);
}

TEST(ConnectionSet, WithoutAnyDescriptorItWaitsWithoutSpinningAndRecovers) {
  ManyClients clients([](std::uint16_t port, const auto& tell) {
    const int fd = connect_to(port, "GET /livez HTTP/1.1\r\n\r\n");
    tell();
    std::array<char, 64> part{};
    pollfd waited{fd, POLLIN, 0};
    ::poll(&waited, 1, -1);
    if (::recv(fd, part.data(), part.size(), 0) > 0) tell();
    ::pause();
  });
  descriptors(64);
  const Serving serving;
  std::vector<int> taken;
  for (int fd = ::dup(STDERR_FILENO); fd >= 0; fd = ::dup(STDERR_FILENO)) taken.push_back(fd);
  const auto cpu = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return std::chrono::seconds{usage.ru_utime.tv_sec + usage.ru_stime.tv_sec} +
           std::chrono::microseconds{usage.ru_utime.tv_usec + usage.ru_stime.tv_usec};
  };
  const auto before = cpu();
  clients.start(serving.where.port);
  ASSERT_EQ(clients.await(), kUnderWay);
  std::this_thread::sleep_for(1s);  // what is measured is a second in which nothing can be done
  EXPECT_LT(cpu() - before, 200ms);
  for (const int fd : taken) ::close(fd);
  EXPECT_EQ(clients.await(), kUnderWay);  // now it is answered
}

TEST(ConnectionSet, KeepsHalfOfTheDescriptorsForTheRestOfTheAgent) {
  descriptors(1024);
  EXPECT_EQ(agent::http::ConnectionSet::affordable(), 512U);
  descriptors(100);
  EXPECT_EQ(agent::http::ConnectionSet::affordable(), 50U);
  descriptors(20'000);
  EXPECT_EQ(agent::http::ConnectionSet::affordable(), 512U);
}

}  // namespace
