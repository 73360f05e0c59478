// Whatever the daemon and the program that asks Azure and Kubernetes say to each other: refused, or said
// again it is the same.
#include <cstdint>

#include "agent/cloud/cloud_query.h"
#include "agent/cloud/cloud_state_json.h"
#include "tests/fuzz/promise.h"

// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto query = agent::parse_cloud_query(text);
  require(is_explained(query));
  if (query) {
    const auto line = agent::cloud_query_line(*query);
    require(is_one_line(line) && agent::parse_cloud_query(line) == *query);
  }
  const auto cloud_state = agent::parse_cloud_state(text);
  require(is_explained(cloud_state));
  if (cloud_state) {
    const auto line = agent::cloud_state_line(*cloud_state);
    const auto again = agent::parse_cloud_state(line);
    require(is_one_line(line) && again && agent::cloud_state_line(*again) == line);
  }
  return 0;
}
