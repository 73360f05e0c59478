#include "host/boot_sysctls.h"

#include <algorithm>

#include "host/drop_ins.h"
#include "host/text.h"
#include "net/sysctls.h"

namespace host {
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
    if (line.front() == '-') line = trimmed(line.substr(1));  // a failure to set it would be ignored
    const auto sign = line.find('=');
    if (sign == std::string_view::npos) continue;
    found.push_back({.key = path_of(trimmed(line.substr(0, sign))),
                     .value = std::string(trimmed(line.substr(sign + 1)))});
  }
  return found;
}

net::Result<std::vector<net::BootSysctl>> boot_sysctls(const std::filesystem::path& root,
                                                       std::span<const std::string> keys) {
  std::vector<net::BootSysctl> exact;
  std::vector<net::BootSysctl> by_pattern;
  for (const auto& file : drop_ins(system_folders(root, "sysctl.d"), ".conf")) {
    const auto text = read_text(file);
    if (!text) return net::pass_on(text);
    for (const auto& line : parse_sysctls(*text)) {
      auto& into = is_pattern(line.key) ? by_pattern : exact;
      into.push_back({.key = line.key, .value = line.value, .file = file.string()});
    }
  }
  std::vector<net::BootSysctl> found;
  for (const auto& key : keys) {
    const auto named =
        std::find_if(exact.rbegin(), exact.rend(), [&key](const auto& each) { return each.key == key; });
    if (named != exact.rend()) {
      found.push_back(*named);
      continue;
    }
    const auto pattern = std::find_if(by_pattern.rbegin(), by_pattern.rend(),
                                      [&key](const auto& each) { return matches(each.key, key); });
    if (pattern != by_pattern.rend()) {
      found.push_back({.key = key, .value = pattern->value, .file = pattern->file});
    }
  }
  return found;
}

}  // namespace host
