// Whatever lies in the node's CNI folders: each parser refuses it or keeps its promises.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cni/azure_state.h"
#include "cni/configuration.h"
#include "cni/subnet_env.h"

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

bool is_one_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_program(std::string_view name) {
  return is_one_line(name) && name.find('/') == std::string_view::npos &&
         name.find("..") == std::string_view::npos;
}

template <class T>
bool is_explained(const net::Result<T>& result) {
  return result || (!result.error().what.empty() && is_one_line(result.error().what));
}

}  // namespace

// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto shape : {cni::Shape::plugin, cni::Shape::list}) {
    const auto file = cni::parse_configuration(text, shape);
    require(file.problem.empty() != file.plugins.empty());
    require(is_one_line(file.problem) && is_one_line(file.network));
    require(file.network.find('/') == std::string::npos);
    require(shape == cni::Shape::list || file.plugins.size() <= 1);
    for (const auto& plugin : file.plugins) {
      require(!plugin.type.empty() && is_program(plugin.type) && is_program(plugin.ipam));
      require(is_one_line(plugin.subnet) && is_one_line(plugin.mode) && is_one_line(plugin.bridge));
    }
    require(file == cni::parse_configuration(text, shape));
  }
  const auto lease = cni::parse_subnet_env(text);
  require(is_explained(lease));
  require(!lease || (!lease->networks.empty() && !lease->subnets.empty()));
  const auto pool = cni::parse_azure_pool(text);
  require(is_explained(pool));
  require(!pool || pool->in_use <= pool->known);
  return 0;
}
