#include "agent/daemon/runtime_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <string_view>

#include "agent/daemon/paths.h"
#include "files/replace.h"
#include "net/descriptor.h"

namespace agent {

net::Result<void> RuntimeFile::write_line(const std::string& line) {
  std::error_code ignored;  // under systemd it exists; where it cannot be made, writing the file fails
  std::filesystem::create_directories(path_.parent_path(), ignored);
  return files::replace(path_, line + '\n', files::Readers::everybody);
}

bool RuntimeFile::is_there() const noexcept {
  std::error_code ignored;
  return std::filesystem::exists(path_, ignored);
}

void RuntimeFile::withdraw() noexcept {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

std::optional<net::ListenAddress> read_listening_file(const std::filesystem::path& folder) {
  // The service's user may have put anything there: a link, a FIFO, a disk full of zeros.
  const net::Descriptor file(::open((folder / ListeningFile::kName).c_str(),
                                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (!Trusted(folder).includes(status.st_uid)) return std::nullopt;
  std::array<char, 256> text{};  // a socket's path has at most 107 bytes
  const auto size = ::read(file.get(), text.data(), text.size());
  if (size <= 0) return std::nullopt;
  const std::string_view written(text.data(), static_cast<std::size_t>(size));
  if (!written.ends_with('\n')) return std::nullopt;
  const auto listen = net::parse_listen(written.substr(0, written.size() - 1));
  return listen ? std::optional(*listen) : std::nullopt;
}

}  // namespace agent
