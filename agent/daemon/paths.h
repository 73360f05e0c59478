#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace agent {

/// /run/calico-azure-agent, or the first folder of systemd's $RUNTIME_DIRECTORY.
std::filesystem::path runtime_directory();

/// /var/lib/calico-azure-agent, or the first folder of systemd's $STATE_DIRECTORY.
std::filesystem::path state_directory();

/// The last good IMDS document.
std::filesystem::path document_cache();

/// What this node was found to be (persisted_state.h).
std::filesystem::path kept_file();

/// The DMI product UUID as the service manager read it for a daemon that is not root
/// ($CREDENTIALS_DIRECTORY/product_uuid, systemd.exec(5)), else as the kernel shows it to root.
std::filesystem::path product_uuid_file();

/// Where the service manager starts calico-azure-agent-cloud, one process per connection
/// (systemd/calico-azure-agent-cloud.socket).
inline constexpr const char* kCloudSocket = "/run/calico-azure-agent-cloud.socket";

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
