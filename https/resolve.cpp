#include "https/resolve.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <thread>

#include "net/mutex.h"

namespace https {
namespace {

struct Question {
  std::string host;
  net::Mutex mutex;
  net::Condition answered;
  bool done CAA_GUARDED_BY(mutex) = false;
  int error CAA_GUARDED_BY(mutex) = 0;
  std::vector<net::Address> addresses CAA_GUARDED_BY(mutex);
};

template <class Sockaddr, class Bytes>
void add(std::vector<net::Address>& all, const addrinfo& entry, Bytes Sockaddr::*field) {
  Sockaddr raw{};
  std::memcpy(&raw, entry.ai_addr, sizeof raw);
  std::array<std::uint8_t, sizeof(Bytes)> bytes{};
  std::memcpy(bytes.data(), &(raw.*field), bytes.size());
  if (const auto address = net::Address::from_bytes(bytes)) all.push_back(*address);
}

void look_up(const std::shared_ptr<Question>& question) {
  addrinfo notifications{};
  notifications.ai_socktype = SOCK_STREAM;
  notifications.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(question->host.c_str(), nullptr, &notifications, &list);
  std::vector<net::Address> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET) add(addresses, *entry, &sockaddr_in::sin_addr);
    if (entry->ai_family == AF_INET6) add(addresses, *entry, &sockaddr_in6::sin6_addr);
  }
  if (list != nullptr) ::freeaddrinfo(list);
  const net::Lock lock(question->mutex);
  question->error = error;
  question->addresses = std::move(addresses);
  question->done = true;
  question->answered.notify_one();
}

}  // namespace

net::Result<std::vector<net::Address>> resolve(const std::string& host,
                                               std::chrono::steady_clock::time_point finish_by) {
  if (const auto literal = net::Address::parse(host)) return std::vector{*literal};
  const auto question = std::make_shared<Question>();
  question->host = host;
  // getaddrinfo(3) cannot be interrupted and may wait 30 s for DNS: a late answer finds nobody waiting.
  std::thread(look_up, question).detach();
  const net::Lock lock(question->mutex);
  while (!question->done && question->answered.wait_until(question->mutex, finish_by)) continue;
  if (!question->done) {
    return net::failure(ETIMEDOUT, fmt::format("the name '{}' is not resolved in time: check DNS", host));
  }
  if (question->error != 0 || question->addresses.empty()) {
    return net::failure(
        EHOSTUNREACH,
        fmt::format("the name '{}' does not resolve ({}): check it and DNS", host,
                    question->error == 0 ? "it has no address" : ::gai_strerror(question->error)));
  }
  return question->addresses;
}

}  // namespace https
