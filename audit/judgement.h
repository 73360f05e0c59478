#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/members.h"
#include "audit/report.h"

// The parts of an audit in mode udr. Each adds to the report what it finds.
namespace audit {

/// Which node has a prefix, and what lies around it.
class CidrIndex {
 public:
  explicit CidrIndex(const std::vector<Member>& members);

  /// Null: no node has exactly this prefix.
  [[nodiscard]] const Member* of(const net::Prefix& prefix) const;
  /// The node whose CIDR holds the prefix and is shorter; null: none.
  [[nodiscard]] const Member* around(const net::Prefix& prefix) const;
  /// True when a CIDR of a node's lies within the prefix.
  [[nodiscard]] bool any_within(const net::Prefix& prefix) const;
  [[nodiscard]] bool has_length(const net::Prefix& prefix) const;

 private:
  std::map<net::Prefix, const Member*> by_cidr_;
  std::map<net::Family, std::vector<std::uint8_t>> lengths_;
};

/// What a judgement goes by.
struct Ground {
  const Map& map;
  const CidrIndex& cidrs;
  std::vector<net::Prefix> pod_ranges;  ///< the cluster's, told or inferred
  bool ranges_are_told = false;
  std::chrono::system_clock::time_point read_at;

  /// A table that has the nodes' routes, for subnets that have none or another one; null: none is known.
  const observed::AzureRouteTable* main_table = nullptr;
  /// The tables of nodes' subnets whose routes are judged.
  std::vector<const observed::AzureRouteTable*> tables = {};

  /// Not yet as long in the cluster as a route may take.
  [[nodiscard]] bool is_new(const Member& member) const;
};

/// The CIDRs of nodes whose Node object has none, as the tables of their subnets lead them there.
void take_cidrs_from_tables(Map& map);

/// The smallest ranges that hold the nodes' CIDRs: one for each /16, or /48 of IPv6, so that one odd CIDR
/// does not make all of them a range.
std::vector<net::Prefix> inferred_ranges(const std::vector<Member>& members);

/// Subnets without a table or with another one, full tables; fills Ground's tables.
void judge_subnets(Ground& ground, Report& report);
void judge_forwarding(const Ground& ground, Report& report);
/// Also marks members as doubled.
void judge_cidrs(std::vector<Member>& members, bool cidrs_are_needed,
                 std::chrono::system_clock::time_point read_at, Report& report);
void judge_routes(const Ground& ground, Report& report);
void judge_security_groups(const Ground& ground, Report& report);

/// https://learn.microsoft.com/azure/aks/faq (the node resource group)
bool is_run_by_aks(std::string_view id);

}  // namespace audit
