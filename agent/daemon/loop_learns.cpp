// What the loop learns from IMDS, the cloud program and the node's surroundings, and keeps over restarts.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "agent/daemon/cached_document.h"
#include "agent/daemon/identity.h"
#include "agent/daemon/loop.h"
#include "agent/daemon/paths.h"

namespace agent {

void Daemon::Loop::start_poller() {
  std::error_code ignored;  // under systemd it is there; where it cannot be made, the cache says so
  std::filesystem::create_directories(document_cache().parent_path(), ignored);
  poller_ = std::make_unique<imds::Poller>(
      imds_options(),
      [this](imds::Event event) {
        boost::asio::post(io_, [this, event = std::move(event)]() mutable { on_imds(std::move(event)); });
      },
      [this](const net::Error& error) {
        boost::asio::post(io_, [this, what = error.what] {
          if (what != last_cache_problem_) log_.write(warning(EventKind::file_refused, what));
          last_cache_problem_ = what;
          cached_network_.reset();  // to be tried again after the next reading
        });
      });
}

imds::Options Daemon::Loop::imds_options() const {
  imds::Options options;
  options.endpoint = config_.imds.endpoint;
  options.read_timeout = config_.imds.read_timeout;
  options.poll_interval = config_.imds.poll_interval;
  options.cache_file = document_cache();
  return options;
}

void Daemon::Loop::load_cache() {
  const auto links = handles_.kernel->links();
  if (!links) return;
  auto cached = cached_document(document_cache(), *links);
  if (cached) {
    cached_network_ = cached->reading.network;
    controller_.take_cached(std::move(cached->reading.network), std::move(cached->reading.api_version),
                            cached->saved, Clock::now());
    restore_state();
  } else if (cached.error().code.value() != ENOENT) {
    log_.write(warning(EventKind::file_refused, cached.error().what));
  }
}

/// Before the first turn with a document, so that a restart while nobody answers finds everything as it was.
void Daemon::Loop::restore_state() {
  const auto& network = controller_.network();
  if (!network || std::exchange(recalled_, true)) return;
  auto kept = load_state(kept_file(), network->identity.vm_id);
  if (kept) {
    persisted_ = *kept;
    controller_.restore(kept->protocols, Clock::now());
    controller_.restore(std::move(kept->node_cidrs), std::move(kept->mode), kept->primary, Clock::now());
  } else if (kept.error().code.value() != ENOENT) {
    log_.write(warning(EventKind::file_refused, kept.error().what));
  }
}

void Daemon::Loop::on_imds(imds::Event event) {
  const auto now = Clock::now();
  if (auto* reading = std::get_if<imds::Reading>(&event)) {
    controller_.take_reading(reading->network, reading->api_version, now, std::chrono::system_clock::now());
    last_reading_ = std::move(*reading);
    restore_state();
    turn();
  } else {
    controller_.take_failure(std::get<imds::Failure>(event).error.what);
    publish();
  }
}

/// The document that is in force, once it is: an incomplete answer on disk would be believed after a restart.
void Daemon::Loop::keep_document() {
  const auto& network = controller_.network();
  if (!network || !last_reading_ || last_reading_->network != *network || cached_network_ == *network) return;
  cached_network_ = *network;
  poller_->keep(*last_reading_);
}

/// Once the NIC is known: what Azure says of another one helps nobody.
void Daemon::Loop::ask_cloud() {
  const auto& network = controller_.network();
  const auto& nic = controller_.nic();
  if (!network || !nic) return;
  cloud_.ask(query_of(config_, controller_.policy().mode, &*network, &*nic));
}

void Daemon::Loop::on_cloud_state(observed::CloudState cloud_state) {
  controller_.take_cloud_state(std::move(cloud_state), Clock::now());
  publish();
  on_timer();
}

void Daemon::Loop::inspect_environment() {
  const auto& nic = controller_.nic();
  inspector_->aim({.mode = controller_.policy().mode, .nic = nic ? nic->link.name : ""});
}

void Daemon::Loop::on_environment(observed::NodeEnvironment environment) {
  controller_.take_environment(std::move(environment), Clock::now());
  // A turn publishes what it has made of it, and so does on_timer(); a mode that was a guess leaves no trace.
  if (has_come(controller_.due())) return turn();
  publish();
  arm();
}

/// Whenever it is no longer what is on disk, and not only repeated from there.
void Daemon::Loop::persist_state() {
  const auto& network = controller_.network();
  if (!network) return;
  restore_state();  // where a link has made a document count: before it is written over
  auto now = persisted_;
  now.protocols = controller_.protocols();
  std::sort(now.protocols.begin(), now.protocols.end());
  const auto& told = controller_.node_cidrs();
  if (!told.kept && !told.source.empty() && told.source != "static") {
    now.node_cidrs = {.cidrs = told.cidrs, .source = told.source, .kept = true};
  }
  if (const auto found = controller_.mode().found()) now.mode = *found;
  if (const auto& primary = controller_.primary()) now.primary = primary;
  if (now == persisted_) return;
  persisted_ = std::move(now);
  kept_file_.write(persisted_text(persisted_, network->identity.vm_id));
}

}  // namespace agent
