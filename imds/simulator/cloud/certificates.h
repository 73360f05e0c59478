#pragma once

#include <string>
#include <vector>

namespace imds::simulator::cloud {

/// A certificate authority of a test, and what it signed; all PEM text, good for a day. Keys are P-256.
struct Certificates {
  std::string ca_pem;
  std::string server_pem;
  std::string server_key_pem;
  std::string client_pem;
  std::string client_key_pem;
};

/// New ones each time. The server's is for these DNS names or IP literals; the client's has the common name
/// `client`, such as "system:node:vm-a". Throws std::runtime_error when OpenSSL refuses.
Certificates make_certificates(const std::vector<std::string>& names,
                               const std::string& client = "calico-azure-agent");

}  // namespace imds::simulator::cloud
