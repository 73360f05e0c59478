#include "agent/daemon/ready_file.h"

#include <fmt/format.h>

#include <fstream>
#include <utility>

#include "agent/core/wall_time.h"

namespace agent {

ReadyFile::ReadyFile(const std::filesystem::path& folder) : path_(folder / "ready") { withdraw(); }

net::Result<void> ReadyFile::write(WallTime since) {
  std::error_code ignored;
  std::filesystem::create_directories(path_.parent_path(), ignored);
  const auto beside = std::filesystem::path(path_).concat(".new");
  std::ofstream file(beside, std::ios::trunc);
  file << wall_time_text(since) << '\n';
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(beside, path_, error);
  if (!file || error) {
    return net::failure(error ? error.value() : EIO, fmt::format("cannot write {}: {}", path_.string(),
                                                                 error ? error.message() : "write failed"));
  }
  return {};
}

void ReadyFile::withdraw() noexcept {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace agent
