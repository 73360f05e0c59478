#include "agent/daemon/cloud_watcher.h"

#include <fmt/format.h>

#include <boost/asio/read_until.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "agent/cloud/cloud_state_json.h"
#include "agent/daemon/paths.h"
#include "net/random.h"

namespace agent {
namespace {

// A route table of a thousand routes is a quarter of a mebibyte.
constexpr std::size_t kLongestLine = std::size_t{8} * 1024 * 1024;
constexpr auto kShortestPause = std::chrono::seconds(1);

constexpr std::string_view kEnds = "ends without an answer; its error is in the journal";
constexpr std::string_view kRubbish = "says what is no answer, and was ended";
constexpr std::string_view kSilent = "says nothing, and was ended";

}  // namespace

CloudWatcher::CloudWatcher(boost::asio::io_context& io, const Log& log,
                           std::function<void(observed::CloudState)> deliver,
                           std::chrono::milliseconds silence)
    : io_(io),
      log_(log),
      deliver_(std::move(deliver)),
      silence_(silence),
      backoff_(net::random_number()),
      again_(io) {}

CloudWatcher::~CloudWatcher() { end_process(); }

CloudWatcher::Output::Output(boost::asio::io_context& io, int descriptor)
    : pipe(io, descriptor), received(kLongestLine) {}

void CloudWatcher::ask(const CloudQuery& query) {
  if (query_ == query) return;
  const bool first = !query_;
  query_ = query;
  known_ = {};
  if (first) {
    start();
  } else {
    ask_again();
  }
}

void CloudWatcher::ask_again() {
  if (is_resting_) return start();
  if (!process_) return;  // it is about to be started
  ++told_;
  if (!process_->tell(*query_)) on_end(kEnds);
}

void CloudWatcher::start() {
  if (process_) return;  // a timer that had run out was too late to be cancelled
  again_.cancel();
  auto query = *query_;
  query.at_once = std::exchange(is_resting_, false);
  auto process = CloudProcess::of_service(kCloudSocket);
  if (!process) process = CloudProcess::start();
  if (!process) {
    cannot_be_asked(process.error());
    return on_end(kEnds);
  }
  process_ = std::move(*process);
  const int descriptor = ::dup(process_->output());
  if (descriptor < 0) return on_end(kEnds);
  output_ = std::make_shared<Output>(io_, descriptor);
  told_ = 1;
  started_ = std::chrono::steady_clock::now();
  if (!process_->tell(query)) return on_end(kEnds);
  listen();
  again_.expires_after(silence_);
  again_.async_wait([this](const boost::system::error_code& error) {
    const bool is_due = again_.expiry() <= std::chrono::steady_clock::now();
    if (!error && is_due && process_ && !has_spoken_) on_end(kSilent);
  });
}

void CloudWatcher::listen() {
  boost::asio::async_read_until(
      output_->pipe, output_->received, '\n',
      [this, output = output_](const boost::system::error_code& error, std::size_t length) {
        if (output->is_over || error == boost::asio::error::operation_aborted) return;
        if (error) return on_end(error == boost::asio::error::not_found ? kRubbish : kEnds);
        on_line(*output, length);
      });
}

void CloudWatcher::on_line(Output& output, std::size_t length) {
  const auto* data = static_cast<const char*>(output.received.data().data());
  const std::string_view line(data, length - 1);
  if (const auto rest = parse_cloud_rest(line)) return on_rest(*rest);
  auto cloud_state = parse_cloud_state(line);
  output.received.consume(length);
  if (!cloud_state) return on_end(kRubbish);
  again_.cancel();
  has_spoken_ = true;
  was_missed_ = false;
  listen();
  // A new process has not asked all of it yet.
  if (!cloud_state->azure) cloud_state->azure = known_.azure;
  if (!cloud_state->node) cloud_state->node = known_.node;
  if (!cloud_state->cloud_config) cloud_state->cloud_config = known_.cloud_config;
  known_ = *cloud_state;
  deliver_(std::move(*cloud_state));
}

void CloudWatcher::on_rest(const CloudRest& rest) {
  end_process();
  has_spoken_ = false;
  is_resting_ = true;
  const bool was_asked_meanwhile = rest.answered < told_;
  start_after(was_asked_meanwhile ? kShortestPause
                                  : std::max<routing::Backoff::Duration>(kShortestPause, rest.resume_after));
}

void CloudWatcher::on_end(std::string_view why) {
  const bool has_run = process_.has_value();
  if (has_run && std::chrono::steady_clock::now() - started_ > routing::Backoff::kLast) backoff_.reset();
  end_process();
  if (has_run && std::exchange(has_spoken_, false)) {
    log_.write({.kind = core::EventKind::cloud_program_ended,
                .message = fmt::format("calico-azure-agent-cloud {}: it is started again",
                                       why == kEnds ? "has ended" : why)});
  } else if (has_run) {
    cannot_be_asked({{EAGAIN, std::system_category()}, fmt::format("{} {}", cloud_program().string(), why)});
  }
  start_after(std::max<routing::Backoff::Duration>(kShortestPause, backoff_.next()));
}

void CloudWatcher::end_process() {
  if (output_) {
    boost::system::error_code ignored;
    output_->pipe.close(ignored);
    output_->is_over = true;
  }
  output_.reset();
  process_.reset();
}

void CloudWatcher::start_after(routing::Backoff::Duration pause) {
  again_.expires_after(pause);
  again_.async_wait([this](const boost::system::error_code& error) {
    if (!error) start();
  });
}

/// One that is not installed is not missed.
void CloudWatcher::cannot_be_asked(const net::Error& error) {
  if (error.code.value() != ENOKEY && !std::exchange(was_missed_, true))
    log_.write(core::warning(core::EventKind::cloud_program_ended, error.what));
  deliver_(nobody_asked(error));
}

}  // namespace agent
