#include <fmt/format.h>

#include <iostream>
#include <span>
#include <vector>

#include "agent/cli/commands.h"
#include "agent/cli/node_look.h"
#include "agent/cloud/cloud_query.h"
#include "agent/daemon/instance_lock.h"
#include "agent/daemon/paths.h"
#include "netlink/linux_kernel.h"
#include "routing/route_diff.h"

namespace agent {
namespace {

int fail(const net::Error& error) {
  std::cerr << "flush: " << error.what << '\n';
  return kNo;
}

std::string text_of(const net::Change& change, std::span<const net::Link> links) {
  if (const auto* rule = std::get_if<net::Rule>(&change.object)) {
    return fmt::format("rule from {} lookup {} priority {}", rule->source.text(), rule->table,
                       rule->priority);
  }
  const auto& route = std::get<net::Route>(change.object);
  return "route " + net::route_text(route, net::link_name(links, route.device));
}

/// For who has to know it when the program is gone.
int print_protocols(const Config& config) {
  auto kernel = netlink::LinuxKernel::open();
  const auto links = kernel ? (*kernel)->links() : net::Result<std::vector<net::Link>>{};
  for (const auto protocol : own_protocols(config, links.value_or(std::vector<net::Link>{})))
    std::cout << static_cast<unsigned>(protocol) << '\n';
  return kOk;
}

}  // namespace

int flush_routes(const Beside& beside, const FlushOptions& options) {
  if (options.protocols) return print_protocols(beside.loaded.config);
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
  const auto links = (*kernel)->links();
  if (!links) return fail(links.error());
  const auto protocols = own_protocols(beside.loaded.config, *links);
  auto actual = take_actual(**kernel, protocols);
  if (!actual) return fail(actual.error());

  const auto removals = routing::diff(routing::Desired{}, *actual).changes;
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
      // Somebody else may have removed it meanwhile.
      const bool failed = refusal->error.code.value() != ESRCH;
      if (failed) std::cerr << "flush: " << refusal->error.what << '\n';
      failures += failed ? 1 : 0;
      ++refusal;
    } else {
      std::cout << (options.dry_run ? "would remove " : "removed ") << text_of(removals[i], *links) << '\n';
    }
  }
  return failures == 0 ? kOk : kNo;
}

}  // namespace agent
