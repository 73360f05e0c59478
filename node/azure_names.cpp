#include "node/azure_names.h"

#include "net/foreign_text.h"

namespace node {

std::string_view segment_of(std::string_view id, std::string_view key) {
  bool next = false;
  while (!id.empty()) {
    const auto slash = id.find('/');
    const auto segment = id.substr(0, slash);
    if (next) return segment;
    next = net::same_ignoring_case(segment, key);
    if (slash == std::string_view::npos) break;
    id.remove_prefix(slash + 1);
  }
  return {};
}

std::string_view name_of(std::string_view id) { return id.substr(id.rfind('/') + 1); }

bool is_named_after(std::string_view node, std::string_view route) {
  if (node.empty() || route.size() < node.size()) return false;
  const auto rest = route.substr(node.size());
  return net::same_ignoring_case(route.substr(0, node.size()), node) &&
         (rest.empty() || rest.starts_with(kBeforeTheCidr));
}

}  // namespace node
