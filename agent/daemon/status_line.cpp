#include "agent/daemon/status_line.h"

#include <fmt/format.h>

namespace agent {
namespace {

/// Nothing once the node has been ready: from then on it is a service like any other.
std::string fate_of_an_edit(const StatusNotes& notes) {
  if (notes.has_been_ready || notes.file.empty()) return "";
  if (!notes.refused.empty())
    return fmt::format("{}: until it is mended what was there before is in force", notes.refused);
  if (notes.file_is_watched) return fmt::format("an edited {} takes effect by itself", notes.file);
  return fmt::format("an edited {} takes effect with systemctl {} calico-azure-agent", notes.file,
                     notes.is_started ? "reload" : "kill --signal=HUP");
}

}  // namespace

std::string reasons_not_ready(const core::Snapshot& snapshot) {
  std::string text;
  for (const auto& check : snapshot.checks) {
    if (check.holds()) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", check.id, check.message);
  }
  return text;
}

std::string status_line(const core::Snapshot& snapshot, const StatusNotes& notes) {
  auto line = snapshot.ready
                  ? fmt::format("ready: {} routes by {}", snapshot.routes.size(), snapshot.nic.name)
                  : "waiting for " + reasons_not_ready(snapshot);
  if (!snapshot.ready && snapshot.ready_for_kubelet) line += ", which comes with the kubelet";
  for (const auto& note : {notes.not_listening, snapshot.ready ? "" : fate_of_an_edit(notes)}) {
    if (!note.empty()) line += " | " + note;
  }
  return line;
}

}  // namespace agent
