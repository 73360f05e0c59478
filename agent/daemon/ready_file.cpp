#include "agent/daemon/ready_file.h"

#include "core/wall_time.h"
#include "files/replace.h"

namespace agent {

ReadyFile::ReadyFile(const std::filesystem::path& folder) : path_(folder / "ready") { withdraw(); }

net::Result<void> ReadyFile::write(net::WallTime since) {
  std::error_code ignored;  // under systemd it is there; where it cannot be made, the file says so
  std::filesystem::create_directories(path_.parent_path(), ignored);
  return files::replace(path_, core::wall_time_text(since) + '\n', files::Readers::everybody);
}

bool ReadyFile::is_there() const noexcept {
  std::error_code ignored;
  return std::filesystem::exists(path_, ignored);
}

void ReadyFile::withdraw() noexcept {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace agent
