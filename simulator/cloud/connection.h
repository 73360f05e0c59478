#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "simulator/cloud/behaviour.h"
#include "simulator/cloud/tls.h"

namespace simulator::cloud {

/// The watches that wait for the next change. Of the server's thread alone.
class Waiting {
 public:
  void add(std::weak_ptr<boost::asio::steady_timer> timer) { timers_.push_back(std::move(timer)); }
  /// Ends the wait of each.
  void wake();

 private:
  std::vector<std::weak_ptr<boost::asio::steady_timer>> timers_;
};

/// Answers the requests of one connection, as many as it makes, until it ends.
void serve(TlsStream stream, Behaviour& behaviour, Waiting& waiting);

}  // namespace simulator::cloud
