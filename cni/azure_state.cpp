#include "cni/azure_state.h"

#include "json/json.h"

namespace cni {
namespace {

using json::at;

net::Result<json::Value> parse_object(std::string_view text) {
  auto document = json::parse_file(text);
  if (document && !document->is_object()) return net::failure(EBADMSG, "is no JSON object");
  return document;
}

/// The members of an object; none of anything else.
const json::Value::object_t& members(const json::Value& value) {
  static const json::Value::object_t kNone;
  return value.is_object() ? value.get_ref<const json::Value::object_t&>() : kNone;
}

}  // namespace

net::Result<void> check_azure_state(std::string_view text) {
  if (const auto document = parse_object(text); !document) return net::pass_on(document);
  return {};
}

net::Result<observed::AzureCniState::Pool> parse_azure_pool(std::string_view text) {
  const auto document = parse_object(text);
  if (!document) return net::pass_on(document);
  observed::AzureCniState::Pool sum;
  for (const auto& space : members(at(at(*document, "IPAM"), "AddressSpaces"))) {
    for (const auto& pool : members(at(space.second, "Pools"))) {
      for (const auto& address : members(at(pool.second, "Addresses"))) {
        ++sum.known;
        if (at(address.second, "InUse") == true) ++sum.in_use;
      }
    }
  }
  return sum;
}

}  // namespace cni
