#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <string>

#include "https/https.h"
#include "net/error.h"

namespace https {

/// Makes the context trust `identity.ca_pem` alone (or the system), send the client certificate, require
/// TLS 1.2 and a certificate that bears `name`, a host name or an IP address. EINVAL for PEM that cannot be
/// used, saying which of the three.
net::Result<void> set_up(SSL_CTX* context, const Identity& identity, const std::string& name);

/// What has come over a connection before the answer's header is complete: cpp-httplib reads header lines of
/// any length, so the flood is stopped below it.
struct HeaderGuard {
  bool header_complete = false;
  bool received_data = false;  ///< application data, if any
  std::size_t bytes = 0;
};

/// Fills `guard`, which outlives the context's connections.
void watch_header(SSL_CTX* context, HeaderGuard& guard);

/// The reason of this thread's first OpenSSL failure: later ones come of clearing up.
/// "certificate required"; empty for none.
std::string tls_reason();

}  // namespace https
