#pragma once

#include <httplib.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "certificates.h"

/// cpp-httplib's TLS server on a free port of 127.0.0.1: add routes to `routes`, then start().
class TlsServer {
 public:
  /// With a `client_ca` it demands a client certificate of that authority.
  explicit TlsServer(const Issued& issued, const CertificateAuthority* client_ca = nullptr);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  void start();
  /// "https://localhost:PORT", or with that host.
  [[nodiscard]] std::string url(const std::string& host = "localhost") const;

  httplib::SSLServer& routes() { return *server_; }

 private:
  std::unique_ptr<httplib::SSLServer> server_;
  int port_ = 0;
  std::thread thread_;
};

/// A TLS server that says what the test wants, well-formed or not, to each connection in turn.
class RawTlsServer {
 public:
  /// Called with a connection of which the handshake is done.
  using Script = std::function<void(SSL*)>;

  RawTlsServer(const Issued& issued, Script script);
  ~RawTlsServer();
  RawTlsServer(const RawTlsServer&) = delete;
  RawTlsServer& operator=(const RawTlsServer&) = delete;

  [[nodiscard]] std::string url() const;

  /// Reads up to the end of a request's header.
  static std::string read_request(SSL* ssl);
  /// False when the client has gone.
  static bool say(SSL* ssl, const std::string& text);

 private:
  void serve();

  Script script_;
  SSL_CTX* context_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};
