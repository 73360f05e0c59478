#include "agent/cli/node_look.h"

#include <algorithm>
#include <future>
#include <optional>
#include <utility>

#include "agent/bundle/tape.h"
#include "agent/cloud/cloud_query.h"
#include "agent/config/keys.h"
#include "agent/daemon/cloud_program.h"
#include "agent/daemon/paths.h"
#include "agent/daemon/persisted_state.h"
#include "agent/daemon/process.h"
#include "agent/inspect/inspect.h"
#include "checks/check_table.h"
#include "core/node_controller.h"
#include "imds/fetch.h"
#include "netlink/linux_kernel.h"
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

/// Tells the controller, and remembers what.
class Teller {
 public:
  Teller(core::NodeController& controller, std::vector<core::Event>* told)
      : controller_(controller), told_(told) {}
  void operator()(core::Event event) {
    if (told_ != nullptr) told_->push_back(event);
    controller_.handle(std::move(event));
  }

 private:
  core::NodeController& controller_;
  std::vector<core::Event>* told_;
};

/// As the daemon does before its first turn, and after it.
void take_document(Teller& tell, const Config& config, std::span<const net::Link> links,
                   std::chrono::milliseconds patience) {
  if (auto state = load_state(kept_file())) tell(std::move(*state));
  if (auto cached = cached_document(document_cache(), links)) {
    tell(core::CachedDocument{.network = std::move(cached->reading.network),
                              .api_version = std::move(cached->reading.api_version),
                              .saved = cached->saved});
  }
  tell(look_at_files());
  tell(ask_imds(config, patience));
}

/// Side by side, until then.
void ask_others(const core::NodeEngine& engine, Teller& tell, const Config& config,
                Clock::time_point finish_by) {
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
  tell(environment.get());
  tell(std::move(cloud_state));
}

/// What the controller has found when it was told everything.
net::Result<NodeLook> conclude(core::NodeController& controller, const net::Clock& clock,
                               std::unique_ptr<net::Kernel> kernel) {
  auto plan = controller.plan();
  if (!plan) return net::pass_on(plan);
  const auto now = clock().wall;
  // What was published is of before the routes were compared, which an observer does for its plan alone.
  auto snapshot = std::make_shared<core::Snapshot>(controller.published());
  snapshot->checks = checks::assess(plan->facts, {}, now);
  snapshot->routes = plan->facts.sync.routes;
  snapshot->routes.name_devices(*plan->facts.links);
  snapshot->ready = checks::is_ready(snapshot->checks);
  snapshot->ready_for_kubelet = checks::is_ready_for_kubelet(snapshot->checks);
  if (snapshot->ready) snapshot->ready_since = now;  // since when is not known to one look
  return NodeLook{
      .kernel = std::move(kernel), .plan = std::move(*plan), .snapshot = std::move(snapshot), .time = now};
}

net::Result<NodeLook> look_with(std::unique_ptr<net::Kernel> kernel, net::Sysctls& sysctls,
                                const net::Clock& clock, const Config& config,
                                std::chrono::milliseconds patience, core::NodeEngine::Role role,
                                std::vector<core::Event>* told) {
  const auto finish_by = Clock::now() + patience;
  const auto links = kernel->links();
  if (!links) return net::pass_on(links);
  core::NodeController controller({.kernel = *kernel, .sysctls = sysctls, .watch = nullptr, .clock = clock},
                                  {.policy = policy_of(config), .node_name = node_name(config)}, version(), 0,
                                  role);
  Teller tell(controller, told);
  // A slow IMDS must leave time for the others.
  take_document(tell, config, *links, patience * 5 / 8);
  tell(core::Wakeup{});
  ask_others(controller.engine(), tell, config, finish_by);
  return conclude(controller, clock, std::move(kernel));
}

}  // namespace

net::Result<NodeLook> look_at_node(const Config& config, std::chrono::milliseconds patience,
                                   core::NodeEngine::Role role) {
  auto kernel = netlink::LinuxKernel::open();
  if (!kernel) return net::pass_on(kernel);
  netlink::ProcSysctls sysctls;
  return look_with(std::move(*kernel), sysctls, net::now, config, patience, role, nullptr);
}

net::Result<RecordedNodeLook> record_look(const Beside& beside, std::chrono::milliseconds patience) {
  using Role = core::NodeEngine::Role;
  auto kernel = netlink::LinuxKernel::open();
  if (!kernel) return net::pass_on(kernel);
  const auto& config = beside.loaded.config;
  RecordedLook record;
  record.version = version();
  record.node_name = node_name(config);
  record.origins = beside.loaded.origins;
  record.role = beside.no_daemon ? Role::observes_without_daemon : Role::observes;
  record.note = beside.note;
  record.hung = beside.hung;
  record.no_daemon = beside.no_daemon;
  record.is_the_daemons = beside.is_the_daemons;
  record.is_edited = beside.is_edited;
  for (const auto& key : keys())
    record.settings.push_back(key.path() + "=" + setting_text(key.write(config)));
  netlink::ProcSysctls proc;
  TapedSysctls sysctls(proc, record.tape);
  const auto clock = [&record] {
    record.tape.times.push_back(net::now());
    return record.tape.times.back();
  };
  auto look = look_with(std::make_unique<TapedKernel>(std::move(*kernel), record.tape), sysctls, clock,
                        config, patience, record.role, &record.events);
  if (!look) return net::pass_on(look);
  // For `explain` of the destinations that are likely to be asked about.
  for (const auto& route : look->plan.facts.desired.routes)
    (void)look->kernel->lookup(net::Flow(route.key.destination.network()));
  record.time = look->time;
  look->kernel = nullptr;  // it writes to the record, which moves
  return RecordedNodeLook{.look = std::move(*look), .record = std::move(record)};
}

net::Result<NodeLook> repeat_look(const RecordedLook& record, const Config& config) {
  auto playback = std::make_shared<Playback>(record.tape);
  auto kernel = std::make_unique<PlayedKernel>(playback);
  PlayedSysctls sysctls(playback);
  const auto clock = [playback] { return playback->time(); };
  (void)kernel->links();  // as look_with() asked before it told anything
  core::NodeController controller({.kernel = *kernel, .sysctls = sysctls, .watch = nullptr, .clock = clock},
                                  {.policy = policy_of(config), .node_name = record.node_name},
                                  record.version, 0, record.role);
  for (const auto& event : record.events) controller.handle(event);
  return conclude(controller, clock, std::move(kernel));
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
