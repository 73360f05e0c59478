#include "tls_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace {

X509* certificate_of(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return certificate;
}

EVP_PKEY* key_of(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return key;
}

/// Everything of it is counted: the context takes references of its own.
void equip(SSL_CTX* context, const Issued& issued) {
  X509* certificate = certificate_of(issued.certificate);
  EVP_PKEY* key = key_of(issued.key);
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

/// cpp-httplib takes PEM since 0.31, and in 2026 has given up what it took before: OpenSSL's objects.
template <class Server>
std::unique_ptr<Server> server_of(const Issued& issued, const std::string& client_ca) {
  if constexpr (requires { typename Server::PemMemory; }) {
    return std::make_unique<Server>(
        typename Server::PemMemory{issued.certificate.data(), issued.certificate.size(), issued.key.data(),
                                   issued.key.size(), client_ca.data(), client_ca.size(), nullptr});
  } else {
    X509* certificate = certificate_of(issued.certificate);
    EVP_PKEY* key = key_of(issued.key);
    X509_STORE* store = nullptr;
    if (!client_ca.empty()) {
      store = X509_STORE_new();
      X509* anchor = certificate_of(client_ca);
      X509_STORE_add_cert(store, anchor);
      X509_free(anchor);
    }
    auto server = std::make_unique<Server>(certificate, key, store);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return server;
  }
}

}  // namespace

TlsServer::TlsServer(const Issued& issued, const CertificateAuthority* client_ca)
    : server_(server_of<httplib::SSLServer>(issued, client_ca == nullptr ? "" : client_ca->pem())) {
  server_->set_keep_alive_max_count(1);
  port_ = server_->bind_to_any_port("127.0.0.1");
  if (port_ <= 0) throw std::runtime_error("no free port");
}

TlsServer::~TlsServer() {
  if (!thread_.joinable()) return;
  server_->stop();
  thread_.join();
}

void TlsServer::start() {
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  while (!server_->is_running()) std::this_thread::yield();
}

std::string TlsServer::url(const std::string& host) const {
  return fmt::format("https://{}:{}", host, port_);
}

RawTlsServer::RawTlsServer(const Issued& issued, Script script)
    : script_(std::move(script)), context_(SSL_CTX_new(TLS_server_method())) {
  std::signal(SIGPIPE, SIG_IGN);
  equip(context_, issued);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&here), size) != 0 || ::listen(listener_, 8) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size) != 0) {
    throw std::runtime_error("cannot listen");
  }
  port_ = ntohs(here.sin_port);
  thread_ = std::thread([this] { serve(); });
}

RawTlsServer::~RawTlsServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
  SSL_CTX_free(context_);
}

void RawTlsServer::serve() {
  for (;;) {
    const int connection = ::accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    SSL* ssl = SSL_new(context_);
    SSL_set_fd(ssl, connection);
    if (SSL_accept(ssl) == 1) script_(ssl);
    SSL_free(ssl);
    ::close(connection);
  }
}

std::string RawTlsServer::url() const { return fmt::format("https://localhost:{}", port_); }

std::string RawTlsServer::read_request(SSL* ssl) {
  std::string request;
  char byte = 0;
  while (request.find("\r\n\r\n") == std::string::npos && SSL_read(ssl, &byte, 1) == 1) request += byte;
  return request;
}

bool RawTlsServer::say(SSL* ssl, const std::string& text) {
  return SSL_write(ssl, text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size());
}
