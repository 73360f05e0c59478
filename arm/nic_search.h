#pragma once

#include "arm/known_nic.h"
#include "arm/request_budget.h"
#include "arm/resource_id.h"
#include "observed/azure_network.h"

namespace arm {

/// The VM's NIC with that MAC address. `vm` is a standalone VM, one of a Flexible scale set, or an instance
/// of a Uniform one (EINVAL for another resource); a VM's only NIC counts whatever its MAC address.
///
/// One GET where `known` names it from before; else the VM and then its NICs, the primary one first, until
/// one fits; of an instance the list of its NICs. `known` loses a NIC that is gone or has another MAC
/// address.
net::Result<observed::AzureNic> find_nic(RequestBudget& budget, const ResourceId& vm,
                                         const net::MacAddress& mac, KnownNic& known);

}  // namespace arm
