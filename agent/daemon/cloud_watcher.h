#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/cloud/cloud_query.h"
#include "agent/cloud/cloud_state_json.h"
#include "agent/daemon/cloud_program.h"
#include "agent/log/log.h"
#include "observed/cloud_state.h"
#include "routing/cpu_budget.h"

namespace agent {

/// Keeps the program that asks Azure and Kubernetes running, on the daemon's loop: it gets each new question,
/// and its output is delivered. When it ends because it has nothing to ask for a while, it is started again
/// after that, or for another question; when it ends otherwise, with growing pauses.
class CloudWatcher {
 public:
  /// By then a new process has said what the API server answers, or that it does not: it gives that 10 s, and
  /// a resolver that is dead takes half a minute more. Azure's first answer may come later.
  static constexpr auto kSilence = std::chrono::seconds(120);

  CloudWatcher(boost::asio::io_context& io, const Log& log, std::function<void(observed::CloudState)> deliver,
               std::chrono::milliseconds silence = kSilence);
  CloudWatcher(const CloudWatcher&) = delete;
  CloudWatcher& operator=(const CloudWatcher&) = delete;
  ~CloudWatcher();

  /// The first question starts it; the same one again changes nothing.
  void ask(const CloudQuery& query);
  /// It is asked again what it was asked last, at once.
  void ask_again();

 private:
  /// A read that was under way when its process was ended completes later, into a buffer that is still there.
  struct Output {
    Output(boost::asio::io_context& io, int descriptor);
    boost::asio::posix::stream_descriptor pipe;
    boost::asio::streambuf received;
    bool is_over = false;
  };

  void start();
  void listen();
  void on_line(Output& output, std::size_t length);
  void on_rest(const CloudRest& rest);
  /// `why`, after the program's name.
  void on_end(std::string_view why);
  void end_process();
  void start_after(routing::Backoff::Duration pause);
  void cannot_be_asked(const net::Error& error);

  boost::asio::io_context& io_;
  const Log& log_;
  std::function<void(observed::CloudState)> deliver_;
  std::chrono::milliseconds silence_;
  routing::Backoff backoff_;
  std::optional<CloudQuery> query_;
  observed::CloudState known_;  ///< answers to query_, of this process or one before it
  std::optional<CloudProcess> process_;
  std::shared_ptr<Output> output_;                   ///< the process's; null where there is none
  std::chrono::steady_clock::time_point started_{};  ///< this process
  std::uint64_t told_ = 0;                           ///< questions of this process
  bool is_resting_ = false;                          ///< there is no process, for want of anything to ask
  bool has_spoken_ = false;                          ///< this process
  bool was_missed_ = false;                          ///< in the log, since one has spoken
  boost::asio::steady_timer again_;  ///< there is a process: when its silence has lasted too long
};

}  // namespace agent
