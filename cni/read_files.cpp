#include "cni/read_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cni/configuration.h"
#include "cni/folder.h"
#include "cni/plugin_state.h"
#include "cni/programs.h"
#include "net/foreign_text.h"

namespace cni {
namespace {

constexpr std::size_t kMostConfigurations = 100;
constexpr std::size_t kLongestFileName = 255;  // NAME_MAX

/// The predicate of an error, of something with a name.
template <class T>
tl::unexpected<net::Error> about(const std::filesystem::path& path, const net::Result<T>& failed) {
  return net::failure(failed.error().code.value(), fmt::format("{} {}", path.string(), failed.error().what));
}

/// An entry's name is foreign text, and its path goes into sentences.
std::filesystem::path path_of(const std::filesystem::path& folder, const std::string& name) {
  return folder / net::foreign_text(name, kLongestFileName);
}

bool is_configuration(std::string_view name) {
  return name.ends_with(".conf") || name.ends_with(".conflist") || name.ends_with(".json");
}

template <std::size_t Count>
bool is_one_of(const std::array<int, Count>& codes, const net::Error& error) {
  return std::find(codes.begin(), codes.end(), error.code.value()) != codes.end();
}

/// What is in the way of us alone; a runtime may get on very well.
bool is_ours(const net::Error& error) {
  return is_one_of(std::array{EACCES, EPERM, EMFILE, ENFILE, ENOMEM}, error);
}

/// Where we do not look: a file beyond our limit, or behind a link that we do not follow.
bool is_passed_over(const net::Error& error) { return is_one_of(std::array{EFBIG, EXDEV}, error); }

net::Result<observed::CniConfiguration> read_configuration(const Paths& paths) {
  const auto folder = Folder::open(paths.configuration);
  if (!folder) return about(paths.configuration, folder);
  auto names = folder->names();
  if (!names) return about(paths.configuration, names);
  std::erase_if(*names, [](const std::string& name) { return !is_configuration(name); });
  if (names->size() > kMostConfigurations) names->resize(kMostConfigurations);

  observed::CniConfiguration configuration{
      .folder = paths.configuration.string(), .files = {}, .missing_programs = {}, .unknown_programs = {}};
  for (const auto& name : *names) {
    const auto path = path_of(paths.configuration, name);
    const auto text = folder->read(name);
    // Which file wins is unknown then.
    if (!text && (is_ours(text.error()) || (is_passed_over(text.error()) && configuration.files.empty())))
      return about(path, text);
    // Runtimes pass over folders; what has gone since it was listed is no more.
    if (!text && (text.error().code.value() == EISDIR || text.error().code.value() == ENOENT)) continue;
    observed::CniFile file;
    if (text) {
      file = parse_configuration(*text, name.ends_with(".conflist") ? Shape::list : Shape::plugin);
    } else {
      file.problem = text.error().what;
    }
    file.path = path.string();
    file.has_odd_name = path.filename().string() != name;
    configuration.files.push_back(std::move(file));
  }
  auto missing = find_missing_programs(programs_of_pods(configuration),
                                       runtimes_program_folders(paths.runtimes).value_or(paths.programs));
  configuration.missing_programs = std::move(missing.sentences);
  configuration.unknown_programs = std::move(missing.unknown);
  return configuration;
}

net::Result<std::vector<observed::HostLocalNetwork>> read_host_local(const std::filesystem::path& root) {
  const auto folder = Folder::open(root);
  if (!folder) return about(root, folder);
  const auto networks = folder->names();
  if (!networks) return about(root, networks);
  std::vector<observed::HostLocalNetwork> found;
  std::size_t entries = 0;
  for (const auto& network : *networks) {
    const auto path = path_of(root, network);
    const auto store = folder->folder(network);
    if (!store && is_ours(store.error())) return about(path, store);
    if (!store) continue;  // a file, a link, or gone by now
    const auto names = store->names();
    if (!names) return about(path, names);
    entries += names->size();
    if (entries > Folder::kMostEntries) {
      return net::failure(EFBIG,
                          fmt::format("{} holds more than {} entries", root.string(), Folder::kMostEntries));
    }
    found.push_back({.folder = path.string(), .reserved = reserved_addresses(*names)});
  }
  return found;
}

/// Where host-local keeps what it gives away: ipam.dataDir of the plug-in that makes pods' interfaces, else
/// its default.
net::Result<std::filesystem::path> host_local_folder(
    const Paths& paths, const net::Result<observed::CniConfiguration>& configuration) {
  if (!configuration) return paths.host_local;
  const auto network = configuration->network();
  if (!network || network->main->data_dir.empty()) return paths.host_local;
  const std::filesystem::path folder = network->main->data_dir;
  if (folder.is_absolute()) return folder.lexically_normal();
  return net::failure(EINVAL,
                      fmt::format("{} has the ipam.dataDir {}, which depends on where the runtime was "
                                  "started: it is no absolute path",
                                  network->file->path, folder.string()));
}

net::Result<observed::FlannelLease> read_flannel_lease(const std::filesystem::path& path) {
  const auto text = read_file(path);
  if (!text) return about(path, text);
  auto lease = parse_subnet_env(*text);
  if (!lease) return about(path, lease);
  return lease;
}

net::Result<observed::AzureCniState> read_azure_state(const std::filesystem::path& folder) {
  observed::AzureCniState state;
  bool is_there = false;
  for (const char* name : {"azure-vnet.json", "azure-vnet-ipam.json", "azure-cns/azure-endpoints.json"}) {
    const auto path = folder / name;
    const auto text = read_file(path);
    if (!text && text.error().code.value() == ENOENT) continue;
    if (!text) return about(path, text);
    is_there = true;
    net::Result<void> checked;
    if (path.filename() == "azure-vnet-ipam.json") {
      const auto pool = parse_azure_pool(*text);
      if (pool) state.pool = *pool;
      if (!pool) checked = net::pass_on(pool);
    } else {
      checked = check_azure_state(*text);
    }
    if (!checked) state.broken_files.push_back(fmt::format("{}: {}", path.string(), checked.error().what));
  }
  auto locks = find_azure_locks(folder);
  state.locks = std::move(locks.held);
  state.unknown_locks = std::move(locks.unknown);
  if (!is_there && state.locks.empty() && state.unknown_locks.empty()) {
    return net::failure(ENOENT, fmt::format("{} holds nothing of Azure CNI", folder.string()));
  }
  return state;
}

net::Result<std::string> read_calico_node_name(const std::filesystem::path& path) {
  const auto text = read_file(path);
  if (!text) return about(path, text);
  auto name = net::foreign_text(*text, kLongestFileName);
  if (name.empty()) return net::failure(EBADMSG, path.string() + " is empty: half written?");
  return name;
}

}  // namespace

observed::CniFiles read_cni_files(const Paths& paths) {
  auto configuration = read_configuration(paths);
  const auto host_local = host_local_folder(paths, configuration);
  return {.configuration = std::move(configuration),
          .host_local = host_local ? read_host_local(*host_local) : net::pass_on(host_local),
          .flannel_lease = read_flannel_lease(paths.flannel_lease),
          .azure = read_azure_state(paths.azure_state),
          .calico_node_name = read_calico_node_name(paths.calico_node_name)};
}

}  // namespace cni
