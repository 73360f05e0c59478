#include "simulator/cloud/credentials.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <utility>

#include "net/foreign_text.h"
#include "simulator/connection.h"
#include "simulator/identity.h"

namespace simulator::cloud {
namespace {

constexpr std::string_view kScheme = "Bearer ";
constexpr auto kServiceAccount = "system:serviceaccount:kube-system:calico-azure-agent";

}  // namespace

std::optional<std::string> bearer(const Headers& headers) {
  const auto* const header = find_header(headers, "Authorization");
  if (header == nullptr || !net::same_ignoring_case(header->substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  return header->substr(kScheme.size());
}

AccessToken caller_of(const Headers& headers) {
  const auto text = bearer(headers);
  const auto token = text ? read_access_token(*text) : std::nullopt;
  return token ? *token
               : AccessToken{.audience = {}, .expires = {}, .client_id = kClientId, .object_id = kClientId};
}

std::optional<std::string> user_of(const Headers& headers, const ClientCertificate& certificate,
                                   const std::vector<std::string>& tokens) {
  if (certificate.trusted) return certificate.name;
  const auto token = bearer(headers);
  if (!token || std::find(tokens.begin(), tokens.end(), *token) == tokens.end()) return std::nullopt;
  return kServiceAccount;
}

namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;
using TlsStream = ssl::stream<Listener::Socket>;

net::Result<void> outcome(const error_code& code, const char* what) {
  if (!code) return {};
  return net::failure(EINVAL, fmt::format("the {} cannot be used: {}", what, code.message()));
}

/// What the client showed in the handshake.
ClientCertificate client_certificate(TlsStream& stream) {
  SSL* const session = stream.native_handle();
  const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get_peer_certificate(session), &X509_free);
  if (!shown) return {};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  return {.name = name.data(), .trusted = SSL_get_verify_result(session) == X509_V_OK};
}

}  // namespace

net::Result<void> prepare(ssl::context& context, const std::string& certificate_pem,
                          const std::string& key_pem, const std::string& client_ca_pem) {
  error_code code;
  context.use_certificate_chain(boost::asio::buffer(certificate_pem), code);
  if (auto done = outcome(code, "certificate"); !done) return done;
  context.use_private_key(boost::asio::buffer(key_pem), ssl::context::pem, code);
  if (auto done = outcome(code, "certificate's key"); !done) return done;
  // With client certificates OpenSSL wants to know whose sessions it may resume, or refuses them all.
  SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.native_handle(), SSL_OP_NO_TICKET);
  if (client_ca_pem.empty()) return {};
  context.add_certificate_authority(boost::asio::buffer(client_ca_pem), code);
  if (auto done = outcome(code, "CA of client certificates"); !done) return done;
  context.set_verify_mode(ssl::verify_peer);
  // The API server lets everybody shake hands, and answers 401 to a certificate that it does not trust.
  context.set_verify_callback([](bool, ssl::verify_context&) { return true; });
  return {};
}

void serve_tls(Listener::Socket socket, ssl::context& context, SimulatedService& service,
               Listener& listener) {
  const auto stream = std::make_shared<TlsStream>(std::move(socket), context);
  stream->async_handshake(ssl::stream_base::server, [stream, &service, &listener](const error_code& code) {
    if (code) return;
    auto certificate = client_certificate(*stream);
    serve(std::move(*stream), service, listener, std::move(certificate));
  });
}

}  // namespace simulator::cloud
