#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/cloud/cloud_query.h"
#include "net/descriptor.h"
#include "net/error.h"
#include "observed/cloud_state.h"

namespace agent {

/// calico-azure-agent-cloud: beside this program, else in ../libexec/calico-azure-agent.
std::filesystem::path cloud_program();

/// The program that asks Azure and Kubernetes, running; it ends with this.
class CloudProcess {
 public:
  /// Starts it with pipes to its standard input and output; standard error is shared. It gets none of this
  /// process's capabilities, and is deaf to the signals that end a group of processes: it ends with its
  /// input. ENOKEY when it is not installed.
  static net::Result<CloudProcess> start();
  /// The same for one question, to be answered by then. It ends by signals, too.
  static net::Result<CloudProcess> start_once(std::chrono::milliseconds patience);
  /// The service manager starts it as a service of its own, which may read what the daemon may not. ENOENT or
  /// ECONNREFUSED where it has no such socket.
  static net::Result<CloudProcess> of_service(const std::filesystem::path& socket);
  CloudProcess(CloudProcess&& other) noexcept;
  CloudProcess& operator=(CloudProcess&& other) noexcept;
  ~CloudProcess();

  /// Never waits: EAGAIN when it does not read.
  net::Result<void> tell(const CloudQuery& query);
  /// Its output; non-blocking.
  [[nodiscard]] int output() const { return output_.get(); }

 private:
  CloudProcess(pid_t process, net::Descriptor input, net::Descriptor output);
  static net::Result<CloudProcess> start(const std::vector<std::string>& arguments, const sigset_t& blocked);

  pid_t process_ = -1;  ///< -1: the service manager's
  net::Descriptor input_;
  net::Descriptor output_;
};

/// Asks once: what is known when everything has been answered, or when the time is up. What has not been
/// answered by then is an ETIMEDOUT.
observed::CloudState ask_cloud_once(const CloudQuery& query, std::chrono::milliseconds patience);

/// The same error for every source: none can be asked.
observed::CloudState nobody_asked(const net::Error& error);

}  // namespace agent
