#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "simulator/behaviour.h"

namespace simulator {

/// Serves one accepted connection until either side closes it; lives as long as it has something to wait for.
/// `behaviour` outlives the socket's io_context.
void serve(boost::asio::ip::tcp::socket socket, Behaviour& behaviour);

}  // namespace simulator
