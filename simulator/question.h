#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "simulator/wire.h"

namespace simulator {

/// The request that came over the socket.
Question question_of(const boost::beast::http::request<boost::beast::http::string_body>& request,
                     const boost::asio::ip::tcp::socket& socket);

}  // namespace simulator
