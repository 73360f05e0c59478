#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace agent {

/// Which users may be the agent on this node: root, and the service's. That one is the owner of the runtime
/// folder, for below /run root alone makes folders and gives them away (RuntimeDirectory=, systemd.exec(5)).
/// So it is known in a container too, which has the folder mounted and another list of users.
class Trusted {
 public:
  explicit Trusted(const std::filesystem::path& runtime_folder);
  [[nodiscard]] bool includes(uid_t user) const { return user == 0 || user == owner_; }

 private:
  std::optional<uid_t> owner_;
};

/// "user 65534 (process 4711, nc)", as far as it is known; a process of 0 is not.
std::string user_text(uid_t user, pid_t process);

}  // namespace agent
