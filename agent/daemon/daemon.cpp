#include "agent/daemon/daemon.h"

#include <utility>

#include "agent/daemon/loop.h"
#include "agent/daemon/paths.h"

namespace agent {

net::Result<std::unique_ptr<Daemon>> Daemon::create(ConfigSources sources, LoadedConfig loaded) {
  auto lock = InstanceLock::take(runtime_directory());
  if (!lock) return net::pass_on(lock);
  auto loop = std::make_unique<Loop>(std::move(sources), std::move(loaded), std::move(*lock));
  if (auto opened = loop->open_kernel(); !opened) return net::pass_on(opened);
  loop->listen();
  return std::unique_ptr<Daemon>(new Daemon(std::move(loop)));
}

Daemon::Daemon(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Daemon::~Daemon() = default;

void Daemon::run() { loop_->run(); }

}  // namespace agent
