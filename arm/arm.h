#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "arm/known_nic.h"
#include "https/https.h"
#include "observed/azure_network.h"
#include "observed/cloud_state.h"

namespace arm {

/// Where a cloud's Resource Manager answers, and for whom its tokens are.
struct Cloud {
  std::string endpoint;  ///< "https://management.azure.com", without a final slash
  std::string audience;  ///< a token's `resource`; empty: ask the endpoint (custom clouds)

  bool operator==(const Cloud&) const = default;
};

/// The cloud that azure.json or else IMDS's azEnvironment names, in any case; the public one when neither
/// does. EINVAL for an unknown name without a resourceManagerEndpoint, naming it.
net::Result<Cloud> cloud_of(const observed::CloudConfig& config, std::string_view environment);

/// A bearer token for the audience; `fresh` after one was refused.
using TokenSource = std::function<net::Result<std::string>(const std::string& audience, bool fresh)>;

struct Verification {
  observed::AzureNetwork seen;
  unsigned requests = 0;
  /// How long ARM asked to be left alone (Retry-After, retry-after-ms, x-ms-retry-after-ms).
  std::optional<std::chrono::milliseconds> resume_after;
};

/// Reads one NIC, its subnet, route table, virtual network and security groups. Remembers from one
/// verification to the next which NIC it is (or which ones are not), and a custom cloud's audience; nothing
/// else. Blocks; one thread.
class Client {
 public:
  Client(Cloud cloud, https::Getter get, TokenSource token);

  /// At most five GETs by id, two more where subnet and NIC have security groups, and not one past
  /// `finish_by`. `resource_id` is the VM's (standalone, Flexible or Uniform scale set), `mac` the NIC's.
  /// What cannot be read is an Error that names the RBAC action where one is missing.
  Verification verify(const std::string& resource_id, const net::MacAddress& mac,
                      std::chrono::steady_clock::time_point finish_by);

 private:
  Cloud cloud_;
  https::Getter get_;
  TokenSource token_;
  std::string resource_id_;
  std::optional<net::MacAddress> mac_;
  KnownNic known_;
};

}  // namespace arm
