// Where in this file a message was sent from is of no use: without this, libsystemd adds it to
// each.
#define SD_JOURNAL_SUPPRESS_LOCATION

#include "systemd/journal.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <vector>

#include "systemd/datagram_room.h"

namespace systemd {
namespace {

constexpr const char* kSocket = "/run/systemd/journal/socket";

net::Result<void> not_taken(int error) {
  return net::failure(
      error, fmt::format("journald did not take an event: {}", std::system_category().message(error)));
}

}  // namespace

bool journal_attached(int descriptor) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(descriptor, &status) != 0) return false;
  return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

net::Result<void> journal_send(int priority, std::string_view message, std::span<const JournalField> fields) {
  // libsystemd reports success when there is no journald to talk to, and waits for one that does not read.
  if (const auto room = datagram_room(kSocket); !room) return not_taken(room.error().code.value());
  std::vector<std::string> assignments;
  assignments.reserve(fields.size() + 2);
  assignments.push_back(fmt::format("MESSAGE={}", message));
  assignments.push_back(fmt::format("PRIORITY={}", priority));
  for (const auto& [name, value] : fields) assignments.push_back(fmt::format("{}={}", name, value));

  std::vector<iovec> parts;
  parts.reserve(assignments.size());
  for (auto& assignment : assignments) parts.push_back({assignment.data(), assignment.size()});
  const int sent = sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
  if (sent < 0) return not_taken(-sent);
  return {};
}

}  // namespace systemd
