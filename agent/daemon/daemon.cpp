#include "agent/daemon/daemon.h"

#include <utility>

#include "agent/daemon/loop.h"
#include "agent/daemon/paths.h"

namespace agent {

net::Result<std::unique_ptr<Daemon>> Daemon::create(ConfigSources sources, LoadedConfig loaded) {
  auto lock = InstanceLock::take(runtime_directory());
  if (!lock) return net::pass_on(lock);
  auto kernel = netlink::LinuxKernel::open();
  if (!kernel) return net::pass_on(kernel);
  auto watch = netlink::Watch::open((*kernel)->command_port());
  if (!watch) return net::pass_on(watch);
  auto loop = std::make_unique<Loop>(
      std::move(sources), std::move(loaded),
      Loop::KernelHandles{
          .lock = std::move(*lock), .kernel = std::move(*kernel), .watch = std::move(*watch)});
  loop->listen();
  return std::unique_ptr<Daemon>(new Daemon(std::move(loop)));
}

Daemon::Daemon(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Daemon::~Daemon() = default;

void Daemon::run() { loop_->run(); }

}  // namespace agent
