#include <fmt/format.h>

#include <iostream>

#include "agent/cli/commands.h"
#include "agent/cli/exit_codes.h"
#include "agent/core/route_diff.h"
#include "agent/daemon/identity.h"
#include "agent/daemon/instance_lock.h"
#include "agent/daemon/paths.h"
#include "netlink/linux_kernel.h"

namespace agent {
namespace {

int fail(const net::Error& error) {
  std::cerr << "flush: " << error.what << '\n';
  return kNo;
}

std::string text_of(const net::Change& change) {
  if (const auto* rule = std::get_if<net::Rule>(&change.object)) {
    return fmt::format("rule from {} lookup {} priority {}", rule->source.text(), rule->table,
                       rule->priority);
  }
  return "route " + net::route_text(std::get<net::Route>(change.object));
}

}  // namespace

int flush_routes(const Beside& beside, const FlushOptions& options) {
  if (const auto holder = InstanceLock::holder(runtime_directory());
      holder && !options.force && !options.dry_run) {
    std::cerr << fmt::format(
        "flush: calico-azure-agent runs (process {}) and would put the routes back: stop it, or "
        "say --force\n",
        *holder);
    return kNo;
  }
  say_note(beside);
  auto kernel = netlink::LinuxKernel::open();
  if (!kernel) return fail(kernel.error());
  const auto protocol = policy_of(beside.loaded.config).protocol;
  auto routes = (*kernel)->routes(protocol);
  if (!routes) return fail(routes.error());
  auto rules = (*kernel)->rules(protocol);
  if (!rules) return fail(rules.error());

  const auto removals = diff(Desired{}, {.routes = std::move(*routes), .rules = std::move(*rules)}).changes;
  std::vector<net::Refusal> refused;
  if (!options.dry_run && !removals.empty()) {
    auto applied = (*kernel)->apply(removals);
    if (!applied) return fail(applied.error());
    refused = std::move(*applied);
  }
  std::size_t failures = 0;
  auto refusal = refused.begin();
  for (std::size_t i = 0; i < removals.size(); ++i) {
    if (refusal != refused.end() && refusal->index == i) {
      const bool failed = !is_next_hop_of_others(removals[i], refusal->error);
      if (failed) std::cerr << "flush: " << refusal->error.what << '\n';
      failures += failed ? 1 : 0;
      ++refusal;
    } else {
      std::cout << (options.dry_run ? "would remove " : "removed ") << text_of(removals[i]) << '\n';
    }
  }
  return failures == 0 ? kOk : kNo;
}

}  // namespace agent
