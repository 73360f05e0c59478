#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "net/prefix.h"
#include "observed/azure_network.h"

namespace arm {

/// Fields that several kinds of documents have; EBADMSG, naming the field, where they cannot be used.

net::Result<nlohmann::json> document_of(std::string_view text);

/// The first of two spellings that is there: ARM writes privateIPAddress, its neighbours privateIpAddress.
const nlohmann::json& either(const nlohmann::json& value, const char* key, const char* other);

/// `id`, of a resource that `is_of` one of the types (as ResourceId::type()).
net::Result<std::string> id_field(const nlohmann::json& resource, std::vector<std::string_view> types);

/// `properties`, an object.
net::Result<const nlohmann::json*> properties_field(const nlohmann::json& resource);

/// `networkSecurityGroup`, of properties; empty where its id is missing. Whether it is one is judged by who
/// reads it: what else the document says can be used.
std::optional<std::string> security_group_field(const nlohmann::json& properties);

/// A network, host bits cleared; nullopt for anything else, such as the name of a service tag.
std::optional<net::Prefix> prefix_of(const std::string& text);

/// The networks among a string and the entries of an array, each once, in their order.
std::vector<net::Prefix> prefixes_of(const nlohmann::json& one, const nlohmann::json& several);

/// Resources as documents and lists have them; EBADMSG as for the documents below.
net::Result<observed::AzureNic> nic_of(const nlohmann::json& resource);
net::Result<observed::AzureSubnet> subnet_of(const nlohmann::json& resource);
net::Result<observed::AzureRouteTable> route_table_of(const nlohmann::json& resource);
net::Result<observed::AzureVirtualNetwork> virtual_network_of(const nlohmann::json& resource);

/// What ARM answers, read: pure. Every field's type is doubted. A part of a list that cannot be used is left
/// out; a document without what it is about is EBADMSG, naming what is missing. Ids keep their spelling and
/// are ResourceIds of their kind.

/// The ids of a VM's NICs, the primary one first. ARM leaves out `primary` when there is but one.
net::Result<std::vector<std::string>> parse_virtual_machine(std::string_view json);

/// One NIC, of a VM or of a Uniform scale set's instance. IP configurations without an address (the VM is
/// deallocated) are left out; of a block (privateIPAddressPrefixLength) the first address counts.
net::Result<observed::AzureNic> parse_nic(std::string_view json);

struct NicPage {
  std::vector<observed::AzureNic> nics;
  std::string next_link;  ///< a URL; empty on the last page
};

/// A page of the NICs of a Uniform scale set's instance.
net::Result<NicPage> parse_nic_page(std::string_view json);

net::Result<observed::AzureSubnet> parse_subnet(std::string_view json);

net::Result<observed::AzureRouteTable> parse_route_table(std::string_view json);

net::Result<observed::AzureVirtualNetwork> parse_virtual_network(std::string_view json);

}  // namespace arm
