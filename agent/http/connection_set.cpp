#include "agent/http/connection_set.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <utility>

namespace agent::http {

std::size_t ConnectionSet::affordable() {
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return kLargest;
  return std::clamp<std::size_t>(descriptors.rlim_cur / 2, 8, kLargest);
}

ConnectionSet::ConnectionSet(boost::asio::io_context& io, std::size_t limit, Answer answer)
    : io_(io), limit_(limit), answer_(std::move(answer)), deadline_(io) {}

void ConnectionSet::admit(net::Descriptor socket, int family) {
  if (members_.size() >= limit_) evict_oldest();
  const auto number = admitted_++;
  ConnectionOwner& owner = *this;
  std::shared_ptr<Connection> connection;
  try {
    connection = std::make_shared<Connection>(io_, owner, number, std::move(socket), family);
  } catch (const boost::system::system_error&) {
    return;  // no memory left in the kernel to watch it: this client finds its connection closed
  }
  members_.emplace(number, connection);
  watch_deadline();
  connection->proceed();
}

bool ConnectionSet::evict_oldest() {
  if (members_.empty()) return false;
  members_.begin()->second->hang_up();
  members_.erase(members_.begin());
  return true;
}

void ConnectionSet::watch_deadline() {
  if (armed_ || members_.empty()) return;
  armed_ = true;
  deadline_.expires_at(members_.begin()->second->accepted() + kDeadline);
  deadline_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    armed_ = false;
    close_expired();
    watch_deadline();
  });
}

void ConnectionSet::close_expired() {
  const auto now = Connection::Clock::now();
  while (!members_.empty() && members_.begin()->second->accepted() + kDeadline <= now) evict_oldest();
}

}  // namespace agent::http
