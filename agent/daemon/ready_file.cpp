#include "agent/daemon/ready_file.h"

#include "agent/core/wall_time.h"
#include "agent/daemon/replace_file.h"

namespace agent {

ReadyFile::ReadyFile(const std::filesystem::path& folder) : path_(folder / "ready") { withdraw(); }

net::Result<void> ReadyFile::write(WallTime since) {
  return replace_file(path_, wall_time_text(since) + '\n', Readers::everybody);
}

void ReadyFile::withdraw() noexcept {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace agent
