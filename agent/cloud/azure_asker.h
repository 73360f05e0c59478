#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "agent/cloud/cloud_query.h"
#include "arm/arm.h"
#include "https/https.h"
#include "imds/token.h"
#include "kubernetes/local_files.h"
#include "net/error.h"
#include "observed/cloud_state.h"

namespace agent {

/// Reads azure.json and asks Azure Resource Manager with the VM's managed identity. Keeps the token and the
/// way to the NIC from one time to the next, as long as the question is about the same VM. One thread.
class AzureAsker {
 public:
  struct Answer {
    net::Result<observed::CloudConfig> cloud_config;
    /// nullopt: not to be asked, or this VM is not known yet.
    std::optional<observed::AzureNetwork> azure;
    /// How long ARM is to be left alone: as long as it wants, and a moment after each verification.
    std::chrono::milliseconds resume_after{0};
  };

  /// `note` is told of each request to ARM.
  explicit AzureAsker(kubernetes::FilesOf whose, std::function<void(observed::Request)> note = {});
  ~AzureAsker();

  Answer ask(const CloudQuery& query, std::chrono::steady_clock::time_point finish_by);

 private:
  struct Connection;
  net::Result<https::Response> noted_get(const https::Request& request);
  net::Result<arm::Client*> client_for(const CloudQuery& query, const observed::CloudConfig& config);

  kubernetes::FilesOf whose_;
  std::function<void(observed::Request)> note_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace agent
