#include "cni/plugin_state.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <map>
#include <optional>

#include "cni/folder.h"
#include "json/json.h"

namespace cni {
namespace {

using Variables = std::map<std::string_view, std::string_view>;

/// The text up to the separator, which is taken off together with it.
std::string_view take(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

Variables variables_in(std::string_view text) {
  Variables variables;
  while (!text.empty()) {
    auto line = take(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find('=') == std::string_view::npos) continue;
    const auto key = take(line, '=');
    variables[key] = line;
  }
  return variables;
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// FLANNEL_SUBNET is the first usable address of the subnet: 10.244.3.1/24.
std::optional<net::Prefix> network_of(std::string_view text) {
  const auto address = net::Address::parse(take(text, '/'));
  const auto length = number_of<unsigned>(text);
  if (!address || !length) return std::nullopt;
  const auto network = net::Prefix::around(*address, *length);
  return network ? std::optional(*network) : std::nullopt;
}

tl::unexpected<net::Error> useless(std::string_view key, std::string_view why) {
  return net::failure(EBADMSG, fmt::format("has {} {}", key, why));
}

tl::unexpected<net::Error> missing(std::string_view key) {
  return net::failure(EBADMSG, fmt::format("has no {}: half written?", key));
}

/// With several cluster networks flannel writes them with commas between.
net::Result<void> add_networks(const Variables& variables, std::string_view key,
                               std::vector<net::Prefix>& into) {
  const auto found = variables.find(key);
  if (found == variables.end()) return missing(key);
  auto rest = found->second;
  do {
    const auto network = network_of(take(rest, ','));
    if (!network) return useless(key, "that is no ADDRESS/LENGTH");
    into.push_back(*network);
  } while (!rest.empty());
  return {};
}

}  // namespace

net::Result<observed::FlannelLease> parse_subnet_env(std::string_view text) {
  const auto variables = variables_in(text);
  observed::FlannelLease lease;
  const bool has_ipv6 =
      variables.contains("FLANNEL_IPV6_NETWORK") || variables.contains("FLANNEL_IPV6_SUBNET");
  const bool has_ipv4 = variables.contains("FLANNEL_NETWORK") || variables.contains("FLANNEL_SUBNET");
  if (has_ipv4 || !has_ipv6) {
    if (auto added = add_networks(variables, "FLANNEL_NETWORK", lease.networks); !added)
      return net::pass_on(added);
    if (auto added = add_networks(variables, "FLANNEL_SUBNET", lease.subnets); !added)
      return net::pass_on(added);
  }
  if (has_ipv6) {
    if (auto added = add_networks(variables, "FLANNEL_IPV6_NETWORK", lease.networks); !added)
      return net::pass_on(added);
    if (auto added = add_networks(variables, "FLANNEL_IPV6_SUBNET", lease.subnets); !added)
      return net::pass_on(added);
  }
  const auto mtu = variables.find("FLANNEL_MTU");
  if (mtu == variables.end()) return missing("FLANNEL_MTU");
  const auto bytes = number_of<std::uint32_t>(mtu->second);
  if (!bytes) return useless("FLANNEL_MTU", "that is no number");
  lease.mtu = *bytes;
  const auto masquerade = variables.find("FLANNEL_IPMASQ");
  if (masquerade == variables.end()) return missing("FLANNEL_IPMASQ");
  if (masquerade->second != "true" && masquerade->second != "false") {
    return useless("FLANNEL_IPMASQ", "that is neither true nor false");
  }
  lease.masquerades = masquerade->second == "true";
  return lease;
}

std::vector<net::Address> reserved_addresses(std::span<const std::string> names) {
  std::vector<net::Address> addresses;
  for (const auto& name : names) {
    if (const auto address = net::Address::parse(name)) addresses.push_back(*address);
  }
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

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

namespace {

struct LockFile {
  const char* name;
  bool by_being_there;
};

// Until 2021 the process that created the file held the lock, and one that crashed holds it for ever. Since
// then it is a flock(2) on a file of another name, which stays behind, with its last holder's number in it,
// when all is well. https://github.com/Azure/azure-container-networking: store/json.go,
// processlock/filelock.go
constexpr std::array kLockFiles = {
    LockFile{.name = "azure-vnet.json.lock", .by_being_there = true},
    LockFile{.name = "azure-vnet-ipam.json.lock", .by_being_there = true},
    LockFile{.name = "azure-vnet/azure-vnet.json.lock", .by_being_there = true},
    LockFile{.name = "azure-vnet/azure-vnet-ipam.json.lock", .by_being_there = true},
    LockFile{.name = "azure-vnet/azure-vnet.lock", .by_being_there = false},
    LockFile{.name = "azure-vnet/azure-vnet-ipam.lock", .by_being_there = false},
};

/// Both kinds of holder write to the file once they have the lock.
std::chrono::seconds age_of(const struct stat& status) {
  using namespace std::chrono;
  const auto since = system_clock::from_time_t(status.st_mtim.tv_sec);
  return std::max(duration_cast<seconds>(system_clock::now() - since), seconds(0));
}

}  // namespace

bool is_flocked(std::string_view proc_locks, dev_t device, ino_t inode) {
  const auto file = fmt::format(" {:02x}:{:02x}:{} ", major(device), minor(device), inode);
  while (!proc_locks.empty()) {
    const auto line = proc_locks.substr(0, proc_locks.find('\n'));
    proc_locks.remove_prefix(std::min(line.size() + 1, proc_locks.size()));
    const bool is_wait = line.find("->") != std::string_view::npos;
    if (!is_wait && line.find(" FLOCK ") != std::string_view::npos &&
        line.find(file) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

AzureLocks find_azure_locks(const std::filesystem::path& state) {
  AzureLocks locks;
  for (const auto& [name, by_being_there] : kLockFiles) {
    const auto path = state / name;
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
      // azure-vnet makes its folder with mode 0664: without x not even its owner may look into it.
      const int error = errno;
      if (error != ENOENT && error != ENOTDIR) {
        locks.unknown = fmt::format("{} {}", path.string(), unreadable(error).value().what);
      }
      continue;
    }
    if (!S_ISREG(status.st_mode)) continue;
    if (!by_being_there) {
      const auto all = read_file("/proc/locks");
      if (!all) {
        locks.unknown = fmt::format("/proc/locks {}", all.error().what);
        continue;
      }
      if (!is_flocked(*all, status.st_dev, status.st_ino)) continue;
    }
    locks.held.push_back({.path = path.string(), .age = age_of(status)});
  }
  return locks;
}

}  // namespace cni
