#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "net/descriptor.h"
#include "net/error.h"

namespace agent {

/// Takes a flock(2) on a file that its owner alone can open, and so lock; it is made where it is not there
/// and never written or removed. Released with the descriptor.
///
/// EWOULDBLOCK: another process has it. ELOOP, EACCES and the like: the file is a link, another user's, or no
/// regular one, no matter who put it there.
net::Result<net::Descriptor> lock_file(const std::filesystem::path& file);

/// Who holds the lock, by what the kernel shows of all of them: also where the file may not be opened, and
/// without being in the way of who just takes it. nullopt: nobody, or a process that is not shown here.
std::optional<pid_t> lock_holder(const std::filesystem::path& file);

/// The same out of /proc/locks (proc(5)).
std::optional<pid_t> lock_holder_in(std::string_view locks, dev_t device, std::uint64_t inode);

}  // namespace agent
