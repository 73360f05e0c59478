#include "agent/daemon/replace_file.h"

#include <fmt/format.h>

#include <fstream>

namespace agent {

net::Result<void> replace_file(const std::filesystem::path& file, std::string_view text, Readers readers) {
  using std::filesystem::perms;
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  const auto beside = std::filesystem::path(file).concat(".new");
  std::ofstream stream(beside, std::ios::trunc);
  stream << text;
  stream.close();
  std::error_code error;
  const auto others = readers == Readers::everybody ? perms::group_read | perms::others_read : perms::none;
  if (stream) std::filesystem::permissions(beside, perms::owner_read | perms::owner_write | others, error);
  if (stream && !error) std::filesystem::rename(beside, file, error);
  if (!stream || error) {
    return net::failure(error ? error.value() : EIO, fmt::format("cannot write {}: {}", file.string(),
                                                                 error ? error.message() : "write failed"));
  }
  return {};
}

}  // namespace agent
