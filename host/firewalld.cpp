#include "host/firewalld.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <system_error>

#include "host/files.h"
#include "host/text.h"

namespace host {
namespace {

namespace fs = std::filesystem;

/// VERSION of firewall/config/__init__.py, in the folder of whichever Python the distribution has.
std::string version(const fs::path& root) {
  std::vector<fs::path> pythons;
  std::error_code error;
  for (fs::directory_iterator entry(root / "usr/lib", error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with("python3")) pythons.push_back(entry->path());
  }
  std::sort(pythons.begin(), pythons.end());
  for (const auto& python : pythons) {
    for (const auto* packages : {"site-packages", "dist-packages"}) {
      const auto text = read_text(python / packages / "firewall/config/__init__.py");
      if (!text) continue;
      for (const auto line : lines(*text)) {
        // VERSION = "0.9.11"
        const auto words = parts(line, " =\"'");
        if (words.size() == 2 && words.front() == "VERSION") return words.back();
      }
    }
  }
  return "";
}

/// The last one counts. "nftables" since 0.6, where the file does not say.
std::string backend(const fs::path& root) {
  std::string value = "nftables";
  const auto text = read_text(root / "etc/firewalld/firewalld.conf");
  if (!text) return value;
  for (const auto& entry : parse_ini(*text)) {
    if (entry.key == "FirewallBackend") value = entry.value;
  }
  return value;
}

bool has_direct_rules(const fs::path& root) {
  const auto text = read_text(root / "etc/firewalld/direct.xml");
  constexpr std::array<std::string_view, 3> kKinds = {"<rule", "<chain", "<passthrough"};
  return text && std::any_of(kKinds.begin(), kKinds.end(),
                             [&](auto kind) { return text->find(kind) != std::string::npos; });
}

}  // namespace

net::Result<observed::FirewalldSettings> firewalld_settings(const Processes& processes) {
  const std::array<ProcessPattern, 1> firewalld = {ProcessPattern{.name = "firewalld"}};
  const auto process = processes.running(firewalld);
  if (!process && process.error().code.value() != ESRCH) return net::pass_on(process);
  observed::FirewalldSettings settings{.runs = process.has_value()};
  if (!settings.runs) return settings;
  const auto& root = processes.root();
  settings.version = version(root);
  settings.backend = backend(root);
  settings.has_direct_rules = has_direct_rules(root);
  return settings;
}

}  // namespace host
