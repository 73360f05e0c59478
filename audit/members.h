#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observed/cluster.h"

namespace audit {

/// A node of the cluster with what Azure has of it.
struct Member {
  const observed::ClusterNode* node = nullptr;
  const observed::ClusterNic* nic = nullptr;  ///< null: not known, see `unknown`
  std::string unknown;
  /// The NIC's, else the Node object's.
  std::vector<net::Address> addresses;
  const observed::AzureSubnet* subnet = nullptr;
  const observed::ClusterNetwork* network = nullptr;
  /// spec.podCIDRs, else what the table leads to it (from_table).
  std::vector<net::Prefix> cidrs;
  bool cidrs_from_table = false;
  bool is_doubled = false;  ///< another node has a CIDR of its

  /// To which a route may lead; nullopt: none of that family.
  [[nodiscard]] std::optional<net::Address> address(net::Family family) const;
  /// "node vm1", for sentences.
  [[nodiscard]] const std::string& name() const { return node->name; }
};

/// Everything that was read, by what it is looked up by. Holds pointers into the Cluster.
class Map {
 public:
  explicit Map(const observed::Cluster& cluster);

  /// Without nodes of virtual kubelets, and those whose object cannot be used.
  [[nodiscard]] std::vector<Member>& members() { return members_; }
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }

  /// Null: not read, see why_no_table().
  [[nodiscard]] const observed::AzureRouteTable* table(std::string_view id) const;
  [[nodiscard]] std::string why_no_table(std::string_view id) const;
  /// All that were read, also those that no subnet has.
  [[nodiscard]] const std::vector<const observed::AzureRouteTable*>& tables() const { return all_tables_; }
  [[nodiscard]] const observed::AzureSecurityGroup* group(std::string_view id) const;
  [[nodiscard]] std::string why_no_group(std::string_view id) const;
  /// The subnets that nodes are in, each once.
  [[nodiscard]] std::vector<const observed::AzureSubnet*> subnets() const;
  /// Why a resource group's tables could not be listed; empty: all were.
  [[nodiscard]] const std::string& unlisted_tables() const { return unlisted_tables_; }

 private:
  void index_networks(const observed::Cluster& cluster);
  void join(const observed::Cluster& cluster);

  std::vector<Member> members_;
  std::map<std::string, const observed::AzureRouteTable*, std::less<>> tables_;
  std::map<std::string, std::string, std::less<>> failed_;  ///< id -> why
  std::vector<const observed::AzureRouteTable*> all_tables_;
  std::map<std::string, const observed::AzureSecurityGroup*, std::less<>> groups_;
  struct Place {
    const observed::AzureSubnet* subnet = nullptr;
    const observed::ClusterNetwork* network = nullptr;
  };
  std::map<std::string, Place, std::less<>> subnets_;
  std::string unlisted_tables_;
};

}  // namespace audit
