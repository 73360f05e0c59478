#pragma once

#include <boost/asio/ssl/context.hpp>
#include <optional>
#include <string>
#include <vector>

#include "net/error.h"
#include "simulator/identity.h"
#include "simulator/listener.h"
#include "simulator/message.h"
#include "simulator/simulated_service.h"

namespace simulator::cloud {

/// The token of "Authorization: Bearer …"; nullopt when the header is missing or something else.
std::optional<std::string> bearer(const Headers& headers);

/// Whose token of a simulated IMDS it is; without one, that of its user-assigned identity, as if.
AccessToken caller_of(const Headers& headers);

/// Who asks the API server: a trusted certificate's name, or the service account of a configured token.
/// nullopt for everybody else: 401, as where anonymous requests are switched off (AKS).
std::optional<std::string> user_of(const Headers& headers, const ClientCertificate& certificate,
                                   const std::vector<std::string>& tokens);

/// Makes the context a server's. EINVAL, naming the one, for PEM text that cannot be used.
net::Result<void> prepare(boost::asio::ssl::context& context, const std::string& certificate_pem,
                          const std::string& key_pem, const std::string& client_ca_pem);

/// Shakes hands, then serves the connection; `context` outlives the listener's thread, too.
void serve_tls(Listener::Socket socket, boost::asio::ssl::context& context, SimulatedService& service,
               Listener& listener);

}  // namespace simulator::cloud
