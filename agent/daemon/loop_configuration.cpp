// How the loop comes by another configuration: by SIGHUP, and by itself while `systemctl reload` would wait.
#include <fmt/format.h>

#include <utility>

#include "agent/cloud/cloud_query.h"
#include "agent/config/show_config.h"
#include "agent/daemon/loop.h"
#include "agent/daemon/persisted_state.h"
#include "checks/check_table.h"

namespace agent {

/// systemd merges a reload into the start job of a service that still starts: SIGHUP would never come, just
/// when the configuration has to be corrected.
void Daemon::Loop::watch_configuration() {
  if (!sources_.file) return;
  if (const auto watching = config_watch_.begin(*sources_.file, loaded_file_); !watching) {
    log_.write(core::warning(core::EventKind::file_refused,
                             watching.error().what +
                                 "; while the node starts, an edited configuration takes effect with "
                                 "systemctl kill --signal=HUP calico-azure-agent"));
  }
  if (config_watch_.look()) return reload();  // edited between the start and this
  report_status();
}

void Daemon::Loop::reload() {
  reporter_.reloading();
  config_watch_.look();
  auto loaded = load_config(sources_, checks::check_ids());
  if (loaded) {
    refused_configuration_.clear();
    take(std::move(loaded->config));
  } else {
    refuse(loaded.error());
  }
  reporter_.reloaded();
}

void Daemon::Loop::refuse(const std::vector<ConfigError>& errors) {
  const auto lines = lines_of(errors);
  for (const auto& line : lines) {
    log_.write({.kind = core::EventKind::configuration_refused,
                .level = core::LogLevel::error,
                .message = "configuration not reloaded: " + line});
  }
  refused_configuration_ = lines.front();
  report_status();
}

/// A removed file, or a link that leads nowhere, is no wish for the defaults; a reload or a start takes it
/// for one.
void Daemon::Loop::miss_configuration() {
  refused_configuration_ = sources_.file->string() + " is no longer there";
  log_.write(
      core::warning(core::EventKind::configuration_refused,
                    refused_configuration_ + ": its values stay in force until it is back or a reload"));
  report_status();
}

void Daemon::Loop::take(Config next) {
  const bool listen_changed = next.listen != config_.listen;
  if (listen_changed && status_.address()) {
    log_.write(core::warning(core::EventKind::configuration_reloaded,
                             fmt::format("http.listen = {} needs a restart; still on {}",
                                         listen_text(next.listen), listen_text(config_.listen))));
    next.listen = config_.listen;
  }
  const bool imds_changed = next.imds != config_.imds;
  const bool metrics_moved = next.metrics_listen != config_.metrics_listen;
  config_ = std::move(next);
  if (listen_changed && !status_.address())
    status_.listen(config_.listen);  // nothing is served on the old one
  if (metrics_moved) listen_for_metrics();
  log_.set_level(config_.log.level);
  log_.reopen(config_.log.format);
  if (imds_changed) poller_->reconfigure(imds_options(config_));
  if (imds_changed) follow_scheduled_events();
  await_resync();
  log_.write({.kind = core::EventKind::configuration_reloaded, .message = "configuration reloaded"});
  handle(configuration());
  cloud_.ask_again();
}

core::Configuration Daemon::Loop::configuration() const {
  return {.policy = policy_of(config_),
          .node_name = node_name(config_),
          .in_force = std::make_shared<const core::ConfigInForce>(in_force(sources_, config_))};
}

void Daemon::Loop::report_status() {
  const auto& snapshot = controller_.published();
  if (snapshot.sequence == 0) return;  // nothing has been published yet
  reporter_.status(status_line(snapshot, {.has_been_ready = reporter_.has_been_ready(),
                                          .is_started = reporter_.is_started(),
                                          .file = sources_.file ? sources_.file->string() : "",
                                          .file_is_watched = config_watch_.is_on(),
                                          .refused = refused_configuration_,
                                          .not_listening = status_.problem()}));
}

}  // namespace agent
