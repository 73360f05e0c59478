// Whatever lies in the node's CNI folders: each parser refuses it or keeps its promises.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cni/configuration.h"
#include "cni/plugin_state.h"
#include "net/foreign_text.h"

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

/// One line of UTF-8 without control characters: its own foreign_text.
bool is_one_line(std::string_view text) { return net::foreign_text(text, text.size()) == text; }

bool is_program(std::string_view name) {
  return is_one_line(name) && name.find('/') == std::string_view::npos &&
         name.find("..") == std::string_view::npos;
}

template <class T>
bool is_explained(const net::Result<T>& result) {
  return result || (!result.error().what.empty() && is_one_line(result.error().what));
}

/// Whatever a meta plug-in names, the search for the network ends, and not with a meta plug-in.
void require_a_network(observed::CniFile file) {
  file.path = "/etc/cni/net.d/00-a.conf";
  const observed::CniConfiguration all{
      .folder = "/etc/cni/net.d", .files = {file, {"/etc/cni/net.d/10-a.conf", "a", {{.type = "bridge"}}}}};
  const auto network = all.network();
  require(is_explained(network));
  require(!network || (network->main != nullptr && !observed::is_meta_plugin(network->main->type)) ||
          network->by == network->file);
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
      require(is_one_line(plugin.subnet) && is_one_line(plugin.mode) && is_one_line(plugin.bridge) &&
              is_one_line(plugin.data_dir));
    }
    require(is_one_line(file.delegation.to) && is_one_line(file.delegation.network));
    for (const auto& plugin : file.delegation.plugins)
      require(is_program(plugin.type) && is_program(plugin.ipam));
    require_a_network(file);
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
