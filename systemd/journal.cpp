#include "systemd/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "net/descriptor.h"
#include "systemd/datagram.h"

namespace systemd {
namespace {

constexpr const char* kSocket = "/run/systemd/journal/socket";

net::Result<void> not_taken(int error) {
  return net::failure(
      error, fmt::format("journald did not take an event: {}", std::system_category().message(error)));
}

/// A field of the native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): NAME=VALUE, or, for a value of
/// several lines, NAME, its size in 64 bits, little-endian, and the value.
void append(std::string& entry, std::string_view name, std::string_view value) {
  entry += name;
  if (value.find('\n') == std::string_view::npos) {
    entry += '=';
  } else {
    entry += '\n';
    for (unsigned shift = 0; shift < 64; shift += 8) entry += static_cast<char>(value.size() >> shift & 0xff);
  }
  entry += value;
  entry += '\n';
}

/// What is too large for a datagram goes as a sealed file in memory.
net::Result<void> send_as_file(const std::string& entry) {
  const net::Descriptor file(::memfd_create("journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::write(file.get(), entry.data(), entry.size()) != static_cast<ssize_t>(entry.size()) ||
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    return not_taken(errno);
  }
  return send_datagram(kSocket, {}, file.get());
}

}  // namespace

bool journal_attached(int descriptor) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(descriptor, &status) != 0) return false;
  return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

bool journal_was_away(int descriptor) {
  const char* started = std::getenv("SYSTEMD_EXEC_PID");
  struct stat status {};
  struct stat null {};
  return started != nullptr && started == std::to_string(::getpid()) && fstat(descriptor, &status) == 0 &&
         stat("/dev/null", &null) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == null.st_rdev;
}

net::Result<void> journal_send(int priority, std::string_view message, std::span<const JournalField> fields) {
  std::string entry;
  append(entry, "MESSAGE", message);
  append(entry, "PRIORITY", std::to_string(priority));
  bool is_identified = false;
  for (const auto& [name, value] : fields) {
    append(entry, name, value);
    is_identified = is_identified || name == "SYSLOG_IDENTIFIER";
  }
  if (!is_identified) append(entry, "SYSLOG_IDENTIFIER", program_invocation_short_name);
  auto sent = send_datagram(kSocket, entry);
  if (!sent && sent.error().code.value() == EMSGSIZE) sent = send_as_file(entry);
  if (!sent) return not_taken(sent.error().code.value());
  return {};
}

}  // namespace systemd
