#include "host/resolver.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "host/files.h"
#include "host/text.h"

namespace host {
namespace {

/// Where systemd-resolved listens, and where it writes the servers that it has (systemd-resolved.service(8)).
constexpr auto kStub = "127.0.0.53";
constexpr auto kOfResolved = "run/systemd/resolve/resolv.conf";

net::Result<observed::Resolver> read(const std::filesystem::path& file) {
  const auto text = read_text(file);
  if (!text) return net::pass_on(text);
  observed::Resolver resolver{.file = file.string(), .servers = {}};
  for (const auto line : lines(*text)) {
    auto words = parts(line, " \t");
    if (words.size() >= 2 && words.front() == "nameserver") resolver.servers.push_back(std::move(words[1]));
  }
  return resolver;
}

/// Engines mount one of the container's own over that of its image, from another filesystem.
bool is_mounted(const std::filesystem::path& file) {
  struct stat own {};
  struct stat folder {};
  return ::lstat(file.c_str(), &own) == 0 && ::stat(file.parent_path().c_str(), &folder) == 0 &&
         own.st_dev != folder.st_dev;
}

}  // namespace

net::Result<observed::Resolver> resolver(const std::filesystem::path& root) {
  const auto file = root / "etc/resolv.conf";
  if (is_mounted(file)) return net::failure(EXDEV, file.string() + " is this container's, not the node's");
  auto asked = read(file);
  if (!asked || asked->servers != std::vector<std::string>{kStub}) return asked;
  // Not shown to a container, whose resolv.conf is the kubelet's: the stub is what is known then.
  auto behind = read(root / kOfResolved);
  return behind ? behind : asked;
}

std::string hotplug_rules(const std::filesystem::path& root) {
  const auto file = root / "etc/udev/rules.d/90-cloud-init-hook-hotplug.rules";
  std::error_code error;
  return std::filesystem::is_regular_file(file, error) ? file.string() : "";
}

}  // namespace host
