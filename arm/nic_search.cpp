#include "arm/nic_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "arm/documents.h"
#include "arm/endpoint.h"
#include "net/foreign_text.h"

namespace arm {
namespace {

tl::unexpected<net::Error> none_fits(const Subject& vm, const net::MacAddress& mac) {
  return net::failure(ENOENT,
                      fmt::format("none of the network interfaces that ARM lists for '{}' has the MAC "
                                  "address {}: if one was just attached, ARM will show it soon",
                                  net::foreign_text(vm.id.name(), 80), mac.text()));
}

net::Result<observed::AzureNic> read_nic(RequestBudget& budget, const std::string& id) {
  const auto resource = ResourceId::parse(id);
  if (!resource) return net::pass_on(resource);
  const auto subject = subject_of(*resource);
  if (!subject)
    return net::failure(EINVAL, fmt::format("'{}' is no network interface", net::foreign_text(id, 80)));
  const auto body = budget.read(*subject);
  if (!body) return net::pass_on(body);
  auto nic = parse_nic(*body);
  if (!nic) return tl::unexpected(budget.unusable(*subject, nic.error()));
  return nic;
}

/// True when another NIC is to be tried, for good: this one is not ours, or will not become readable soon.
bool is_settled(const net::Result<observed::AzureNic>& nic, const RequestBudget& budget) {
  if (nic) return true;
  const auto code = nic.error().code.value();
  return !budget.stopped() && (code == ENOENT || code == EACCES || code == EBADMSG);
}

net::Result<observed::AzureNic> among(RequestBudget& budget, const Subject& vm, const net::MacAddress& mac,
                                      std::vector<std::string>& untried) {
  std::optional<net::Error> failure;
  while (!untried.empty()) {
    auto nic = read_nic(budget, untried.front());
    if (nic && nic->mac == mac) {
      untried.clear();
      return nic;
    }
    if (!is_settled(nic, budget)) return nic;
    if (!nic) failure = nic.error();
    untried.erase(untried.begin());
  }
  if (failure) return tl::unexpected(*std::move(failure));
  return none_fits(vm, mac);
}

net::Result<observed::AzureNic> of_machine(RequestBudget& budget, const Subject& vm,
                                           const net::MacAddress& mac, std::vector<std::string>& untried) {
  if (untried.empty()) {
    const auto body = budget.read(vm);
    if (!body) return net::pass_on(body);
    auto ids = parse_virtual_machine(*body);
    if (!ids) return tl::unexpected(budget.unusable(vm, ids.error()));
    if (ids->size() == 1) return read_nic(budget, ids->front());
    untried = *std::move(ids);
  }
  return among(budget, vm, mac, untried);
}

net::Result<observed::AzureNic> of_instance(RequestBudget& budget, const Subject& instance,
                                            const net::MacAddress& mac) {
  const auto first = instance.target();
  const auto path = first.substr(0, first.find('?'));
  for (auto target = first;;) {
    const auto body = budget.read(instance, target);
    if (!body) return net::pass_on(body);
    auto page = parse_nic_page(*body);
    if (!page) return tl::unexpected(budget.unusable(instance, page.error()));
    auto& nics = page->nics;
    const auto found =
        std::find_if(nics.begin(), nics.end(), [&mac](const auto& each) { return each.mac == mac; });
    if (found != nics.end()) return std::move(*found);
    if (page->next_link.empty()) {
      const bool alone = target == first && nics.size() == 1 && !nics.front().mac;
      if (alone) return std::move(nics.front());
      return none_fits(instance, mac);
    }
    const auto next = target_of_link(page->next_link, budget.endpoint(), path);
    if (!next) {
      return tl::unexpected(budget.unusable(
          instance, {{EBADMSG, std::system_category()}, "its \"nextLink\" leads elsewhere; not followed"}));
    }
    target = *next;
  }
}

}  // namespace

net::Result<observed::AzureNic> find_nic(RequestBudget& budget, const ResourceId& vm,
                                         const net::MacAddress& mac, KnownNic& known) {
  const auto subject = subject_of(vm);
  const bool is_instance = vm.type() == kInstance.type;
  if (!is_instance && vm.type() != kVirtualMachine.type) {
    return net::failure(EINVAL, fmt::format("'{}' is no virtual machine", net::foreign_text(vm.text(), 160)));
  }
  if (!known.id.empty()) {
    auto nic = read_nic(budget, known.id);
    const bool gone = nic ? nic->mac != mac : nic.error().code.value() == ENOENT;
    if (!gone) return nic;
    known = {};
  }
  auto nic =
      is_instance ? of_instance(budget, *subject, mac) : of_machine(budget, *subject, mac, known.untried);
  if (nic && nic->mac == mac) known.id = nic->id;
  return nic;
}

}  // namespace arm
