#pragma once

#include "arm/asking.h"
#include "arm/known_nic.h"
#include "arm/resource_id.h"
#include "net/azure_network.h"

namespace arm {

/// The VM's NIC with that MAC address. `vm` is a standalone VM, one of a Flexible scale set, or an instance
/// of a Uniform one (EINVAL for another resource); a VM's only NIC counts whatever its MAC address.
///
/// One GET where `known` names it from before; else the VM and then its NICs, the primary one first, until
/// one fits; of an instance the list of its NICs. `known` loses a NIC that is gone or has another MAC
/// address.
net::Result<net::AzureNic> find_nic(Asking& asking, const ResourceId& vm, const net::MacAddress& mac,
                                    KnownNic& known);

}  // namespace arm
