#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/error.h"

namespace arm {

/// "/subscriptions/S/resourceGroups/RG/providers/NAMESPACE/TYPE/NAME[/TYPE/NAME…]". Keeps the spelling it was
/// given and compares without regard to case
/// (https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules).
class ResourceId {
 public:
  /// EINVAL, saying what is wrong, for anything else and for whatever could lead a request elsewhere: empty
  /// segments, "." and "..", '?', '#', '%', white space, control and format characters, what is no UTF-8,
  /// more than 2 KiB.
  static net::Result<ResourceId> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// The last segment.
  [[nodiscard]] std::string_view name() const;
  /// "microsoft.network/virtualnetworks/subnets", in lower case.
  [[nodiscard]] const std::string& type() const { return type_; }
  /// The resource that this one is a part of: a subnet's virtual network. EINVAL when it is part of none.
  [[nodiscard]] net::Result<ResourceId> parent() const;
  /// The path of a URL: what is not ASCII (resource groups may have any letter) as %XX.
  [[nodiscard]] std::string path() const;

  bool operator==(const ResourceId& other) const;

 private:
  ResourceId(std::string text, std::string type) : text_(std::move(text)), type_(std::move(type)) {}

  std::string text_;
  std::string type_;
};

/// A kind of resource that is read.
struct Kind {
  std::string_view type;  ///< as ResourceId::type()
  std::string_view noun;
  std::string_view api_version;
  std::string_view action;  ///< the RBAC permission that a read needs
};

// Old versions that have every field which is read, so that sovereign clouds, which lag behind, have them
// too: https://learn.microsoft.com/azure/templates/microsoft.compute/virtualmachines (2021-07-01) and
// https://learn.microsoft.com/azure/templates/microsoft.network/routetables (2020-11-01).
inline constexpr Kind kVirtualMachine{"microsoft.compute/virtualmachines", "virtual machine", "2021-07-01",
                                      "Microsoft.Compute/virtualMachines/read"};
inline constexpr Kind kNic{"microsoft.network/networkinterfaces", "network interface", "2020-11-01",
                           "Microsoft.Network/networkInterfaces/read"};
inline constexpr Kind kSubnet{"microsoft.network/virtualnetworks/subnets", "subnet", "2020-11-01",
                              "Microsoft.Network/virtualNetworks/subnets/read"};
inline constexpr Kind kRouteTable{"microsoft.network/routetables", "route table", "2020-11-01",
                                  "Microsoft.Network/routeTables/read"};
inline constexpr Kind kVirtualNetwork{"microsoft.network/virtualnetworks", "virtual network", "2020-11-01",
                                      "Microsoft.Network/virtualNetworks/read"};
inline constexpr Kind kSecurityGroup{"microsoft.network/networksecuritygroups", "network security group",
                                     "2020-11-01", "Microsoft.Network/networkSecurityGroups/read"};
/// An instance of a Uniform scale set; what is read of it is the list of its NICs.
inline constexpr Kind kInstance{
    "microsoft.compute/virtualmachinescalesets/virtualmachines",
    "network interfaces of the scale set instance", "2018-10-01",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/read"};
/// A NIC of such an instance. The Azure SDKs pin 2018-10-01: this path has no version of Microsoft.Network's
/// (armnetwork, InterfacesClient.GetVirtualMachineScaleSetNetworkInterface).
inline constexpr Kind kInstanceNic{
    "microsoft.compute/virtualmachinescalesets/virtualmachines/networkinterfaces", "network interface",
    "2018-10-01", "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/read"};
/// All NICs of a Uniform scale set's instances, and of that API's own version as well.
inline constexpr Kind kScaleSetNics{"microsoft.compute/virtualmachinescalesets/networkinterfaces",
                                    "network interfaces of the scale set", "2018-10-01",
                                    "Microsoft.Compute/virtualMachineScaleSets/networkInterfaces/read"};

/// What a request reads, for its address and for the sentences about it.
struct Subject {
  ResourceId id;
  Kind kind;
  /// Of a list: the path below the endpoint and what it lists, in words.
  std::string list_path = {};
  std::string list_words = {};

  /// "the subnet 'default'"
  [[nodiscard]] std::string phrase() const;
  /// The path and query to ask for.
  [[nodiscard]] std::string target() const;
};

/// The resource at `id` if it is of one of these kinds; nullopt for another.
std::optional<Subject> subject_of(const ResourceId& id);

}  // namespace arm
