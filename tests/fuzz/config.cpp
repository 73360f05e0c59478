// Whatever a configuration file holds: it is loaded, or refused with reasons that have a place. What is
// loaded can be shown, and loading what was shown gives the same again.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/config/show_config.h"
#include "checks/check_table.h"

namespace {

/// A file in memory, named by /proc.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view contents) : descriptor_(memfd_create("config", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || write(descriptor_, contents.data(), contents.size()) < 0) std::abort();
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(descriptor_); }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

auto load(std::string_view contents) {
  const MemoryFile file(contents);
  return agent::load_config({.file = file.path(), .file_required = true, .environment = {}, .settings = {}},
                            checks::check_ids());
}

void require(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto loaded = load({reinterpret_cast<const char*>(data), size});
  if (loaded) {
    const auto again = load(agent::show_config(*loaded));
    require(again && again->config == loaded->config);
    return 0;
  }
  require(!loaded.error().empty());
  for (const auto& error : loaded.error()) {
    require(error.where.find("/proc/self/fd/") == 0 && !error.what.empty());
    require(error.text().find('\n') == std::string::npos);
  }
  return 0;
}
