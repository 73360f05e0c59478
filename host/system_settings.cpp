#include "host/system_settings.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "host/files.h"
#include "host/processes.h"
#include "host/text.h"
#include "net/sysctls.h"

namespace host {
namespace {

namespace fs = std::filesystem;

/// The main file, which the first folder that has it gives, then the drop-ins.
std::vector<fs::path> with_main(const std::vector<fs::path>& mains, const std::vector<fs::path>& folders) {
  std::vector<fs::path> files;
  const auto exists = [](const fs::path& file) {
    std::error_code error;
    return fs::is_regular_file(file, error);
  };
  const auto main = std::find_if(mains.begin(), mains.end(), exists);
  if (main != mains.end()) files.push_back(*main);
  const auto rest = drop_ins(folders, ".conf");
  files.insert(files.end(), rest.begin(), rest.end());
  return files;
}

/// Whether [Match] of a .link file matches a name; nullopt: it matches by something else than the name.
std::optional<bool> covers(const std::vector<IniEntry>& entries, const std::string& link) {
  bool named = false;
  for (const auto& entry : entries) {
    if (entry.section != "Match") continue;
    if (entry.key != "OriginalName") return std::nullopt;
    for (const auto& pattern : parts(entry.value, " \t")) named = named || matches(pattern, link);
  }
  return named;
}

std::string value_of(const std::vector<IniEntry>& entries, std::string_view section, std::string_view key) {
  std::string value;
  for (const auto& entry : entries) {
    if (entry.section == section && entry.key == key) value = entry.value;
  }
  return value;
}

observed::MacOrigin mac_origin_of(const fs::path& root, const std::string& link) {
  const auto text = read_text(root / "sys/class/net" / link / "addr_assign_type");
  constexpr std::array kKnown = {observed::MacOrigin::permanent, observed::MacOrigin::random,
                                 observed::MacOrigin::stolen, observed::MacOrigin::set};
  for (const auto origin : kKnown) {
    if (text && *text == std::to_string(static_cast<int>(origin)) + "\n") return origin;
  }
  return observed::MacOrigin::unknown;
}

/// True where systemd starts it, at boot or by a timer.
bool is_enabled(const fs::path& root, const std::string& unit) {
  std::error_code error;
  const auto folder = root / "etc/systemd/system";
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() != ".wants") continue;
    for (const auto* kind : {".service", ".timer"}) {
      std::error_code ignored;
      if (fs::is_symlink(entry->path() / (unit + kind), ignored)) return true;
    }
  }
  return false;
}

/// When the file's contents or its name last changed here. Not its time of writing, which a package brings
/// along from where it was built.
std::optional<std::chrono::system_clock::time_point> change_of(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return std::nullopt;
  using namespace std::chrono;
  return system_clock::from_time_t(status.st_ctim.tv_sec) +
         duration_cast<system_clock::duration>(nanoseconds(status.st_ctim.tv_nsec));
}

/// The time of the boot is known to a second, and files may be written just before the process is started.
constexpr auto kStartIsKnownTo = std::chrono::seconds(2);

/// True where a service that keeps its files there may have some that are not shown to us, as to a container.
bool is_hidden(const fs::path& folder) {
  std::error_code error;
  return !fs::is_directory(folder, error);
}

}  // namespace

net::Result<observed::NetworkdSettings> networkd_settings(const Processes& processes) {
  const auto& root = processes.root();
  observed::NetworkdSettings settings;
  const std::array<ProcessPattern, 1> networkd = {ProcessPattern{.name = "systemd-network"}};
  const auto process = processes.running(networkd);
  if (!process && process.error().code.value() != ESRCH) return net::pass_on(process);
  settings.runs = process.has_value();
  if (settings.runs && is_hidden(root / "etc/systemd"))
    return net::failure(ENOENT, "systemd-networkd runs, and its files in /etc/systemd are not shown to us");
  const auto started = process ? start_of(root, *process) : net::pass_on(process);
  std::vector<fs::path> mains;
  for (const auto& folder : system_folders(root, "systemd")) mains.push_back(folder / "networkd.conf");
  for (const auto& file : with_main(mains, system_folders(root, "systemd/networkd.conf.d"))) {
    const auto text = read_text(file);
    if (!text) return net::pass_on(text);
    bool says_so = false;
    for (const auto& entry : parse_ini(*text)) {
      const auto value = boolean(entry.value);
      if (entry.section != "Network" || !value) continue;
      if (entry.key == "ManageForeignRoutes") {
        settings.manages_foreign_routes = *value;
      } else if (entry.key == "ManageForeignRoutingPolicyRules") {
        settings.manages_foreign_rules = *value;
      } else {
        continue;
      }
      says_so = true;
    }
    if (!says_so) continue;
    settings.file = file.string();
    const auto changed = change_of(file);
    if (started && changed && *changed > *started + kStartIsKnownTo) settings.unread_file = settings.file;
  }
  return settings;
}

net::Result<observed::NetworkManagerSettings> network_manager_settings(const Processes& processes) {
  const auto& root = processes.root();
  observed::NetworkManagerSettings settings;
  const std::array<ProcessPattern, 1> manager = {ProcessPattern{.name = "NetworkManager"}};
  const auto process = processes.running(manager);
  if (!process && process.error().code.value() != ESRCH) return net::pass_on(process);
  settings.runs = process.has_value();
  if (settings.runs && is_hidden(root / "etc/NetworkManager"))
    return net::failure(ENOENT,
                        "NetworkManager runs, and its files in /etc/NetworkManager are not shown to us");
  settings.cloud_setup = is_enabled(root, "nm-cloud-setup");
  const std::vector<fs::path> folders = {root / "etc/NetworkManager/conf.d",
                                         root / "run/NetworkManager/conf.d",
                                         root / "usr/lib/NetworkManager/conf.d"};
  for (const auto& file : with_main({root / "etc/NetworkManager/NetworkManager.conf"}, folders)) {
    const auto text = read_text(file);
    if (!text) return net::pass_on(text);
    const auto entries = parse_ini(*text);
    for (const auto& entry : entries) {
      const bool adds = entry.key == "unmanaged-devices+";
      const bool excludes =
          entry.section.starts_with("device") && entry.key == "managed" && boolean(entry.value) == false;
      if (entry.section == "keyfile" && (entry.key == "unmanaged-devices" || adds)) {
        if (!adds) settings.unmanaged.clear();
        for (auto& each : parts(entry.value, ";,")) settings.unmanaged.push_back(std::move(each));
      } else if (excludes) {
        for (auto& each : parts(value_of(entries, entry.section, "match-device"), ";,"))
          settings.unmanaged.push_back(std::move(each));
      }
    }
  }
  return settings;
}

net::Result<std::vector<observed::LinkFile>> link_files(const fs::path& root,
                                                        std::span<const std::string> links) {
  std::vector<observed::LinkFile> found;
  std::vector<std::pair<fs::path, std::vector<IniEntry>>> files;
  for (const auto& file : drop_ins(system_folders(root, "systemd/network"), ".link")) {
    const auto text = read_text(file);
    if (!text) return net::pass_on(text);
    files.emplace_back(file, parse_ini(*text));
  }
  for (const auto& link : links) {
    for (const auto& [file, entries] : files) {
      if (!covers(entries, link).value_or(false)) continue;
      found.push_back({.link = link,
                       .mac_address_policy = value_of(entries, "Link", "MACAddressPolicy"),
                       .file = file.string(),
                       .mac_origin = mac_origin_of(root, link)});
      break;
    }
  }
  return found;
}

namespace {

/// Dots and slashes change places where the first separator is a dot (sysctl.d(5)).
std::string path_of(std::string_view key) {
  const auto first = key.find_first_of("./");
  return first != std::string_view::npos && key[first] == '.' ? net::sysctl_name(key) : std::string(key);
}

bool is_pattern(const std::string& key) { return key.find_first_of("*?[") != std::string::npos; }

}  // namespace

std::vector<SysctlLine> parse_sysctls(std::string_view text) {
  std::vector<SysctlLine> found;
  for (const auto each : lines(text)) {
    auto line = trimmed(each);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    const bool dashed = line.front() == '-';  // before an assignment: a failure to set it would be ignored
    if (dashed) line = trimmed(line.substr(1));
    const auto sign = line.find('=');
    if (sign != std::string_view::npos) {
      found.push_back({.key = path_of(trimmed(line.substr(0, sign))),
                       .value = std::string(trimmed(line.substr(sign + 1)))});
    } else if (dashed) {
      found.push_back({.key = path_of(line), .value = std::nullopt});
    }
  }
  return found;
}

net::Result<std::vector<observed::BootSysctl>> boot_sysctls(const std::filesystem::path& root,
                                                            std::span<const std::string> keys) {
  struct Found {
    SysctlLine line;
    std::string file;
  };
  std::vector<Found> exact;
  std::vector<Found> by_pattern;
  // Nothing of /run is there after a reboot.
  const std::array folders = {root / "etc/sysctl.d", root / "usr/local/lib/sysctl.d",
                              root / "usr/lib/sysctl.d"};
  for (const auto& file : drop_ins(folders, ".conf")) {
    const auto text = read_text(file);
    if (!text) return net::pass_on(text);
    for (auto& line : parse_sysctls(*text)) {
      auto& into = is_pattern(line.key) ? by_pattern : exact;
      into.push_back({.line = std::move(line), .file = file.string()});
    }
  }
  std::vector<observed::BootSysctl> found;
  for (const auto& key : keys) {
    auto last = std::find_if(exact.rbegin(), exact.rend(),
                             [&key](const Found& each) { return each.line.key == key; });
    if (last == exact.rend()) {
      last = std::find_if(by_pattern.rbegin(), by_pattern.rend(),
                          [&key](const Found& each) { return matches(each.line.key, key); });
      if (last == by_pattern.rend()) continue;
    }
    if (last->line.value) found.push_back({.key = key, .value = *last->line.value, .file = last->file});
  }
  return found;
}

}  // namespace host
