#pragma once

#include <string>

#include "core/snapshot.h"

namespace agent {

/// What `systemctl status` should say beside how the node stands.
struct StatusNotes {
  bool has_been_ready = false;  ///< the node, since the start
  bool is_started = false;      ///< READY=1 was said: a reload no longer waits for the start
  std::string file;             ///< of the configuration; empty: none is read
  bool file_is_watched = false;
  std::string refused;        ///< what is wrong with it as it is now; the one before is in force
  std::string not_listening;  ///< why nobody is answered over HTTP
};

/// STATUS=: how the node stands, what it waits for, and what an edited configuration file then needs.
std::string status_line(const core::Snapshot& snapshot, const StatusNotes& notes);

/// "ID: MESSAGE; …" of the gates that fail.
std::string reasons_not_ready(const core::Snapshot& snapshot);

}  // namespace agent
