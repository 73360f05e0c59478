#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "tests/unit/core/healthy_nodes.h"

// What happens to the pod network of a healthy node, for the tests of what checks say of it.
namespace agent::testing {

inline void put_before(checks::Facts& facts, observed::CniFile file) {
  auto& files = cni_of(facts).configuration->files;
  files.insert(files.begin(), std::move(file));
}

inline void put_behind(checks::Facts& facts, observed::CniFile file) {
  cni_of(facts).configuration->files.push_back(std::move(file));
}

/// host-local has given away the first `count` addresses of 10.244.1.0/24 that pods may have.
inline void give_away(checks::Facts& facts, int count) {
  auto& reserved = cni_of(facts).host_local->front().reserved;
  reserved.clear();
  for (int last = 2; last < count + 2; ++last) reserved.push_back(address(fmt::format("10.244.1.{}", last)));
}

/// … and pods on the bridge have them.
inline void add_veths(checks::Facts& facts, int count) {
  for (int i = 0; i < count; ++i) {
    auto made = pod_link(100U + static_cast<std::uint32_t>(i), fmt::format("vethff{:06x}", i),
                         "6e:1b:30:af:c2:11", 1450);
    made.master = kBridgeLink;
    facts.links.edit().push_back(std::move(made));
  }
}

inline void add_tunnel(checks::Facts& facts, std::string_view its_address) {
  net::Link tunnel;
  tunnel.index = 90;
  tunnel.name = "tunl0";
  tunnel.kind = "ipip";
  tunnel.mtu = 1480;
  tunnel.up = true;
  if (!its_address.empty()) tunnel.addresses = {{address(its_address), 32}};
  facts.links.edit().push_back(tunnel);
}

inline void add_stray_vxlan(checks::Facts& facts) {
  auto made = link(91, "vxlan.calico", "66:00:00:00:00:91");
  made.kind = "vxlan";
  facts.links.edit().push_back(made);
  data_plane_of(facts).routes.push_back(route("10.244.2.64/26", "10.244.2.64", 91, 80, 0));
}

/// The last pod gets another address.
inline void move_last_pod(checks::Facts& facts, std::string_view to) {
  data_plane_of(facts).routes.back().key.destination = prefix(to);
}

inline void use_addresses(checks::Facts& facts, std::size_t count) {
  cni_of(facts).azure->pool->in_use = count;
}

}  // namespace agent::testing
