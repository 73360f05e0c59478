#include "node/node_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "node/nic_resolution.h"

namespace node {
namespace {

constexpr std::array kFamilies = {net::Family::ipv4, net::Family::ipv6};

const observed::Nic* nic_of(const observed::NodeNetwork& document, const net::MacAddress& mac) {
  const auto found = std::find_if(document.nics.begin(), document.nics.end(),
                                  [&mac](const observed::Nic& nic) { return nic.mac == mac; });
  return found == document.nics.end() ? nullptr : &*found;
}

bool has(const observed::Nic& nic, const net::Address& address) {
  return std::find(nic.addresses.begin(), nic.addresses.end(), address) != nic.addresses.end();
}

/// An address that a DHCP server could have given; nullptr: none of the family.
const net::Address* given_address(const net::Link& link, net::Family family) {
  for (const auto& each : link.addresses) {
    if (each.address.family() == family && !each.address.is_link_local() && !each.address.is_loopback())
      return &each.address;
  }
  return nullptr;
}

bool bears_a_nic(const net::Link& link) { return link.mac && !link.loopback; }

/// A NIC that is here for certain, and that the document lacks.
std::string missing_nic(const observed::NodeNetwork& document, const Machine& machine) {
  for (const auto& mac : machine.azures) {
    if (nic_of(document, mac) != nullptr) continue;
    const auto link = std::find_if(machine.links.begin(), machine.links.end(),
                                   [&mac](const net::Link& each) { return each.mac == mac; });
    if (link != machine.links.end())
      return fmt::format("IMDS leaves out the NIC of {} ({})", link->name, mac.text());
  }
  return {};
}

/// The NIC that nic.select means is a link here, and the document lacks it.
std::string missing_selected(const observed::NodeNetwork& document, const Machine& machine) {
  const auto* mac = std::get_if<net::MacAddress>(&machine.select);
  const auto* named = std::get_if<LinkNamed>(&machine.select);
  const auto* subnet = std::get_if<net::Prefix>(&machine.select);
  const auto is_meant = [&](const net::Link& link) {
    if (!bears_a_nic(link)) return false;
    if (mac != nullptr) return *link.mac == *mac;
    if (named != nullptr) return link.name == named->name;
    return subnet != nullptr && std::any_of(link.addresses.begin(), link.addresses.end(),
                                            [&](const auto& each) { return subnet->contains(each.address); });
  };
  const auto meant = std::find_if(machine.links.begin(), machine.links.end(), is_meant);
  if (meant == machine.links.end() || nic_of(document, *meant->mac) != nullptr) return {};
  return fmt::format("IMDS leaves out the NIC of {} ({}), which nic.select names", meant->name,
                     meant->mac->text());
}

std::string missing_address(const observed::NodeNetwork& document, const observed::NodeNetwork* before,
                            const Machine& machine) {
  const auto leaves_out = [](const net::Link& link, const net::Address& address) {
    return fmt::format("IMDS leaves out {}, which {} has", address.text(), link.name);
  };
  for (const auto& link : machine.links) {
    const auto* nic = bears_a_nic(link) ? nic_of(document, *link.mac) : nullptr;
    if (nic == nullptr) continue;
    for (const auto family : kFamilies) {
      if (family == net::Family::ipv6 && !machine.ipv6) continue;
      const auto* given = given_address(link, family);
      if (given != nullptr && !nic->primary(family)) return leaves_out(link, *given);
    }
    const auto* former = before == nullptr ? nullptr : nic_of(*before, *link.mac);
    if (former == nullptr) continue;
    for (const auto& address : former->addresses) {
      if (link.has(address) && !has(*nic, address)) return leaves_out(link, address);
    }
  }
  return {};
}

}  // namespace

std::string incompleteness(const observed::NodeNetwork& document, const observed::NodeNetwork* before,
                           const Machine& machine) {
  if (!matches_any_link(document, machine.links)) return unlike_any_link(document, machine.links);
  auto why = missing_nic(document, machine);
  if (why.empty()) why = missing_selected(document, machine);
  if (why.empty()) why = missing_address(document, before, machine);
  return why;
}

void NodeDocument::take_cached(observed::NodeNetwork network, std::string api_version, net::WallTime saved) {
  network_ = std::move(network);
  agreeing_ = kAgreeingReadings;
  status_.source = ImdsSource::cache;
  status_.last_success = saved;
  status_.api_version = std::move(api_version);
}

void NodeDocument::take_reading(observed::NodeNetwork network, std::string api_version,
                                const std::optional<Machine>& machine, net::MonoTime now,
                                net::WallTime wall) {
  Waiting read{.network = std::move(network),
               .api_version = std::move(api_version),
               .readings = 1,
               .now = now,
               .wall = wall};
  const auto* before = network_ ? &*network_ : nullptr;
  if (before != nullptr && *before == read.network) return put_in_force(std::move(read), agreeing_ + 1);
  const auto why = machine ? incompleteness(read.network, before, *machine) : std::string();
  if (why.empty()) return put_in_force(std::move(read), 1);
  if (waiting_ && waiting_->network == read.network) read.readings += waiting_->readings;
  if (read.readings >= kAgreeingReadings) {
    const auto readings = read.readings;
    return put_in_force(std::move(read), readings);
  }
  status_.last_error =
      fmt::format("{} ({} of {} such answers in a row are believed)", why, read.readings, kAgreeingReadings);
  waiting_ = std::move(read);
}

bool NodeDocument::reconsider(const Machine& machine) {
  if (!waiting_ || !incompleteness(waiting_->network, network_ ? &*network_ : nullptr, machine).empty())
    return false;
  auto waiting = std::move(*waiting_);
  const auto readings = waiting.readings;
  put_in_force(std::move(waiting), readings);
  return true;
}

void NodeDocument::put_in_force(Waiting document, int readings) {
  waiting_.reset();
  network_ = std::move(document.network);
  agreeing_ = std::min(readings, kAgreeingReadings);
  status_ = {.source = ImdsSource::live,
             .last_success = document.wall,
             .last_success_mono = document.now,
             .api_version = std::move(document.api_version),
             .last_error = ""};
}

void NodeDocument::take_failure(std::string error) {
  ++failures_;
  status_.last_error = std::move(error);
}

}  // namespace node
