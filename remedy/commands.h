#pragma once

#include <string_view>

#include "net/address.h"
#include "remedy/remedy.h"

// Commands that several checks print.
namespace remedy {

/// ip(8) for the family: ip(Family::ipv6, "rule show") is "ip -6 rule show".
template <class... Args>
Remedy ip(net::Family family, fmt::format_string<remedy_detail::Written<Args>...> text, const Args&... args) {
  return (family == net::Family::ipv6 ? command("ip -6 ") : command("ip ")).with(text, args...);
}
Remedy set_link_up(std::string_view link);

/// Until the next boot. `key` as in net::Sysctls, "net/ipv4/ip_forward".
Remedy set_sysctl_now(std::string_view key, std::string_view value);
/// At every boot from the next one on.
Remedy set_sysctl_at_boot(std::string_view key, std::string_view value);
/// Now and at every boot.
Remedy set_sysctl(std::string_view key, std::string_view value);

/// The pods of a node, in all namespaces, with their addresses.
Remedy list_pods(std::string_view node);
Remedy list_pods(std::string_view node, std::string_view selector);
/// Deletes a DaemonSet's pods on the node; it makes them anew.
Remedy restart_pods(std::string_view node, std::string_view selector);
Remedy cordon(std::string_view node);
/// Tigera's operator sets up Calico from this resource; a note names what to change.
Remedy edit_installation();
/// `json` is merged into the default FelixConfiguration.
Remedy patch_felix_configuration(std::string_view json);

}  // namespace remedy
