#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <functional>
#include <optional>
#include <string>

#include "agent/cloud/cloud_query.h"
#include "agent/daemon/cloud_program.h"
#include "agent/log/log.h"
#include "observed/cloud_state.h"
#include "routing/cpu_budget.h"

namespace agent {

/// Keeps the program that asks Azure and Kubernetes running, on the daemon's loop: it gets each new question,
/// its output is delivered, and when it ends it is started again, with growing pauses.
class CloudWatcher {
 public:
  CloudWatcher(boost::asio::io_context& io, const Log& log,
               std::function<void(observed::CloudState)> deliver);

  /// The first question starts it; the same one again changes nothing.
  void ask(const CloudQuery& query);
  /// It is asked again what it was asked last, at once.
  void ask_again();

 private:
  void start();
  void listen();
  void on_line(std::size_t length);
  void on_end();
  void cannot_be_asked(const net::Error& error);

  const Log& log_;
  std::function<void(observed::CloudState)> deliver_;
  routing::Backoff backoff_;
  std::optional<CloudQuery> query_;
  std::optional<CloudProcess> process_;
  boost::asio::posix::stream_descriptor output_;  ///< borrows the process's descriptor
  boost::asio::streambuf received_data_;
  bool has_spoken_ = false;  ///< this process
  bool was_missed_ = false;  ///< in the log, since one has spoken
  boost::asio::steady_timer again_;
};

}  // namespace agent
