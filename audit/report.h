#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/policy.h"
#include "remedy/remedy.h"

namespace audit {

/// What is wrong, the worst first: what cuts all nodes of a subnet off, what cuts one node off, what will.
enum class Cause : std::uint8_t {
  subnet_without_table,
  subnet_with_other_table,
  security_group,
  forwarding_off,
  route_missing,
  route_elsewhere,
  route_failed,
  route_diverting,
  cidr_doubled,
  cidr_missing,
  route_doubled,
  route_stale,
  table_full,
};

struct CauseRow {
  Cause cause;
  std::string_view id;  ///< stable, dotted: "route.missing"
  std::string_view title;
  std::string_view why;
};

const CauseRow& row_of(Cause cause);

struct Finding {
  Cause cause = Cause::route_missing;
  std::string object;  ///< the node, subnet, route or table that has it
  std::string where;   ///< the table or network, by which findings of a cause are grouped; may be empty
  std::string message;
  remedy::Remedy remedy = {};
  std::size_t nodes = 1;  ///< whose pods it concerns
};

/// What could not be judged.
struct Unknown {
  std::string object;
  std::string why;
  bool passes = false;  ///< Azure or Kubernetes is at it, as for a node of a minute's age
};

struct Counts {
  std::size_t nodes = 0;
  std::size_t nics = 0;  ///< of nodes
  std::size_t subnets = 0;
  std::size_t tables = 0;  ///< of these subnets
  std::size_t routes = 0;
  std::size_t security_groups = 0;
};

struct Report {
  std::chrono::system_clock::time_point read_at;
  std::optional<node::Mode> mode;  ///< nullopt: the cluster does not show it
  std::string mode_reason;
  Counts counts;
  std::vector<Finding> findings = {};
  std::vector<Unknown> unknowns = {};
  std::vector<std::string> notes = {};
};

/// "1 node", "2 nodes"
std::string counted(std::size_t count, std::string_view one, std::string_view many);

/// Findings of one cause at one place.
struct Group {
  Cause cause = Cause::route_missing;
  std::string where;
  std::size_t nodes = 0;
  std::vector<const Finding*> findings;
};

/// The worst cause first; of one cause the place with the most nodes.
std::vector<Group> groups_of(const Report& report);

/// Unknowns of one reason.
struct Doubt {
  std::string why;
  bool passes = false;
  std::vector<const Unknown*> unknowns;
};
std::vector<Doubt> doubts_of(const Report& report);

struct Verdict {
  enum class Is : std::uint8_t { fine, broken, undetermined };
  Is is = Is::fine;
  std::string sentence;
};
Verdict verdict_of(const Report& report);

}  // namespace audit
