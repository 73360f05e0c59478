#include "simulator/question.h"

#include <string>

namespace simulator {
namespace {

std::string text(boost::beast::string_view view) { return {view.data(), view.size()}; }

}  // namespace

Question question_of(const boost::beast::http::request<boost::beast::http::string_body>& request,
                     const boost::asio::ip::tcp::socket& socket) {
  boost::system::error_code gone;
  const auto peer = socket.remote_endpoint(gone);
  Question asked{.source = gone ? "" : peer.address().to_string(),
                 .method = text(request.method_string()),
                 .target = text(request.target()),
                 .headers = {}};
  for (const auto& field : request) {
    asked.headers.emplace_back(text(field.name_string()), text(field.value()));
  }
  return asked;
}

}  // namespace simulator
