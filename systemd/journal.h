#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "net/error.h"

namespace systemd {

/// True when the descriptor is the stream that systemd connected to the journal: JOURNAL_STREAM holds its
/// device and inode (systemd.exec(5)). False after a redirection, and where there is no systemd.
bool journal_attached(int descriptor = 2);

/// True when systemd started this process (SYSTEMD_EXEC_PID, systemd 248) while no journald was there: it
/// connected the descriptor to /dev/null then, for good, and the native protocol is the only way to a
/// journald that comes back.
bool journal_was_away(int descriptor = 2);

/// A journal field: a name (A-Z, 0-9 and underscores, not beginning with one: journald drops others) and any
/// bytes as value.
using JournalField = std::pair<std::string, std::string>;

/// Sends one event by journald's native protocol. `priority` is syslog's: 0 (emergency) to 7 (debug). MESSAGE
/// and PRIORITY are the two arguments; SYSLOG_IDENTIFIER is the program's name, unless the fields have one.
/// An Error means that journald did not take the event: ENOENT where none runs, EAGAIN when its queue is
/// full.
net::Result<void> journal_send(int priority, std::string_view message, std::span<const JournalField> fields);

}  // namespace systemd
