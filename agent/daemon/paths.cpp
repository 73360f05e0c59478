#include "agent/daemon/paths.h"

#include <cstdlib>
#include <string>

namespace agent {
namespace {

std::filesystem::path from_environment(const char* variable, const char* otherwise) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return otherwise;
  const std::string folders(value);
  return folders.substr(0, folders.find(':'));  // systemd.exec(5): several folders are separated by colons
}

}  // namespace

std::filesystem::path runtime_directory() {
  return from_environment("RUNTIME_DIRECTORY", "/run/calico-azure-agent");
}

std::filesystem::path state_directory() {
  return from_environment("STATE_DIRECTORY", "/var/lib/calico-azure-agent");
}

std::filesystem::path document_cache() { return state_directory() / "imds.json"; }

std::filesystem::path kept_file() { return state_directory() / "kept.json"; }

std::filesystem::path product_uuid_file() {
  const auto given = from_environment("CREDENTIALS_DIRECTORY", "/nonexistent") / "product_uuid";
  std::error_code ignored;
  return std::filesystem::exists(given, ignored) ? given : "/sys/class/dmi/id/product_uuid";
}

}  // namespace agent
