#pragma once

#include <openssl/ssl.h>

#include <string>

#include "https/https.h"
#include "net/error.h"

namespace https {

/// Makes the context trust `identity.ca_pem` alone (or the system), send the client certificate, require
/// TLS 1.2 and a certificate that bears `name`, a host name or an IP address. EINVAL for PEM that cannot be
/// used, saying which of the three.
net::Result<void> set_up(SSL_CTX* context, const Identity& identity, const std::string& name);

/// The reason of this thread's first OpenSSL failure: later ones come of clearing up. Empty for none.
std::string tls_reason();

}  // namespace https
