#pragma once

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "net/error.h"
#include "simulator/listener.h"
#include "simulator/simulated_service.h"

namespace simulator::cloud {

/// Makes the context a server's. EINVAL, naming the one, for PEM text that cannot be used.
net::Result<void> prepare(boost::asio::ssl::context& context, const std::string& certificate_pem,
                          const std::string& key_pem, const std::string& client_ca_pem);

/// Shakes hands, then serves the connection; `context` outlives the listener's thread, too.
void serve_tls(Listener::Socket socket, boost::asio::ssl::context& context, SimulatedService& service,
               Listener& listener);

}  // namespace simulator::cloud
