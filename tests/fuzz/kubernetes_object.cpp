// Whatever an API server, or what answers in its place, sends as a Node or as a line of a watch.
#include <cstdint>

#include "json/json.h"
#include "kubernetes/node_json.h"
#include "kubernetes/node_list.h"
#include "tests/fuzz/promise.h"

namespace {

void require_versioned(const kubernetes::VersionedNode& versioned) {
  require(!versioned.node.name.empty());
  for (const auto& cidr : versioned.node.pod_cidrs) require(net::Prefix::parse(cidr.text()) == cidr);
}

}  // namespace

// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = json::parse(text);
  require(is_explained(document));
  if (document) {
    const auto node = kubernetes::parse_node(*document);
    require(is_explained(node));
    if (node) require_versioned(*node);
  }
  std::vector<observed::ClusterNode> nodes;
  require(is_explained(kubernetes::read_node_list(text, nodes)));
  for (const auto& each : nodes) require(is_one_line(each.name) && is_one_line(each.unusable));
  const auto event = kubernetes::parse_event(text);
  require(is_explained(event));
  if (event && event->kind == kubernetes::Event::Kind::seen) require_versioned(event->versioned);
  require(document || !event);
  return 0;
}
