#include "agent/cli/node_look.h"

#include <algorithm>
#include <future>
#include <optional>
#include <utility>

#include "agent/cloud/cloud_query.h"
#include "agent/daemon/cloud_program.h"
#include "agent/daemon/paths.h"
#include "agent/daemon/persisted_state.h"
#include "agent/daemon/process.h"
#include "agent/inspect/inspect.h"
#include "core/node_controller.h"
#include "imds/fetch.h"
#include "netlink/proc.h"

namespace agent {
namespace {

using Clock = std::chrono::steady_clock;

core::Event ask_imds(const Config& config, std::chrono::milliseconds patience) {
  auto options = imds_options(config);
  options.read_timeout = std::min(options.read_timeout, patience);
  auto reading = imds::fetch_once(options);
  if (!reading) return core::ImdsFailure{reading.error().what};
  return core::ImdsDocument{.network = std::move(reading->network),
                            .api_version = std::move(reading->api_version)};
}

/// As the daemon does before its first turn, and after it.
void take_document(core::NodeController& controller, const Config& config, std::span<const net::Link> links,
                   std::chrono::milliseconds patience) {
  if (auto state = load_state(kept_file())) controller.handle(std::move(*state));
  if (auto cached = cached_document(document_cache(), links)) {
    controller.handle(core::CachedDocument{.network = std::move(cached->reading.network),
                                           .api_version = std::move(cached->reading.api_version),
                                           .saved = cached->saved});
  }
  controller.handle(look_at_files());
  controller.handle(ask_imds(config, patience));
}

/// Side by side, until then.
void ask_others(core::NodeController& controller, const Config& config, Clock::time_point finish_by) {
  const auto& engine = controller.engine();
  const auto& nic = engine.nic();
  core::CloudTarget about{.mode = engine.policy().mode, .vm = {}, .mac = {}};
  if (engine.network()) about.vm = engine.network()->identity;
  if (nic) about.mac = nic->azure.mac.text();
  const core::InspectionTarget aim{.mode = engine.policy().mode,
                                   .nic = nic ? nic->link.name : "",
                                   .ipv6 = engine.policy().uses(net::Family::ipv6)};
  auto environment = std::async(std::launch::async, [&aim, links = engine.links(), finish_by] {
    auto reader = host_reader();
    return inspect(aim, links, reader, finish_by);
  });
  const auto left = finish_by - Clock::now();
  auto cloud_state =
      ask_cloud_once(query_of(config, about), std::chrono::duration_cast<std::chrono::milliseconds>(left));
  controller.handle(environment.get());
  controller.handle(std::move(cloud_state));
}

}  // namespace

net::Result<NodeLook> look_at_node(const Config& config, std::chrono::milliseconds patience,
                                   core::NodeEngine::Role role) {
  const auto finish_by = Clock::now() + patience;
  auto kernel = netlink::LinuxKernel::open();
  if (!kernel) return net::pass_on(kernel);
  const auto links = (*kernel)->links();
  if (!links) return net::pass_on(links);
  netlink::ProcSysctls sysctls;
  core::NodeController controller({.kernel = **kernel, .sysctls = sysctls, .clock = net::now},
                                  {.policy = policy_of(config), .node_name = node_name(config)}, version(), 0,
                                  role);
  // A slow IMDS must leave time for the others.
  take_document(controller, config, *links, patience * 5 / 8);
  controller.handle(core::Wakeup{});
  ask_others(controller, config, finish_by);
  auto plan = controller.plan();
  if (!plan) return net::pass_on(plan);
  return NodeLook{.kernel = std::move(*kernel), .plan = std::move(*plan)};
}

std::vector<std::uint8_t> own_protocols(const Config& config, std::span<const net::Link> links) {
  std::vector<std::uint8_t> numbers = {policy_of(config).protocol};
  const auto document = cached_document(document_cache(), links);
  const auto state = load_state(kept_file());
  if (!document || !state || state->vm_id != document->reading.network.identity.vm_id) return numbers;
  for (const auto each : state->protocols) {
    if (std::find(numbers.begin(), numbers.end(), each) == numbers.end()) numbers.push_back(each);
  }
  return numbers;
}

net::Result<routing::Actual> take_actual(net::Kernel& kernel, std::span<const std::uint8_t> protocols) {
  routing::Actual actual;
  for (const auto protocol : protocols) {
    const auto routes = kernel.routes(protocol);
    if (!routes) return net::pass_on(routes);
    actual.routes.insert(actual.routes.end(), routes->begin(), routes->end());
    const auto rules = kernel.rules(protocol);
    if (!rules) return net::pass_on(rules);
    actual.rules.insert(actual.rules.end(), rules->begin(), rules->end());
  }
  return actual;
}

}  // namespace agent
