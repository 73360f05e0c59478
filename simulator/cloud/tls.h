#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <string>

#include "net/error.h"
#include "simulator/cloud/credentials.h"

namespace simulator::cloud {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

/// Makes the context a server's. EINVAL, naming the one, for PEM text that cannot be used.
net::Result<void> prepare(boost::asio::ssl::context& context, const std::string& certificate_pem,
                          const std::string& key_pem, const std::string& client_ca_pem);

/// What the client showed in the handshake.
ClientCertificate client_certificate(TlsStream& stream);

}  // namespace simulator::cloud
