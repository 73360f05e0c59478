// The simulator's ARM and API server, and a client of another library than theirs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "certificates.h"
#include "simulator/cloud/cloud.h"
#include "simulator/identity.h"

namespace cloud_test {

using nlohmann::json;
using simulator::Fault;
using simulator::cloud::Cloud;
using namespace std::chrono_literals;

inline constexpr auto kPatience = 10s;
inline constexpr auto kServiceAccountToken = "service-account-token";
inline constexpr auto kVersion = "?api-version=2023-11-01";

template <class Object, Object* (*Read)(BIO*, Object**, pem_password_cb*, void*)>
Object* from_pem(const std::string& text) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free_all);
  return Read(memory.get(), nullptr, nullptr, nullptr);
}

inline std::string bearer_header(const std::string& token) { return "Bearer " + token; }

/// As a simulated IMDS issues it.
inline std::string arm_token(const std::string& audience = "https://management.azure.com/",
                             std::chrono::seconds lifetime = 1h) {
  return simulator::write_access_token(
      {.audience = audience, .expires = std::chrono::system_clock::now() + lifetime});
}

inline const std::string kTable =
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/routeTables/t";

/// An authority, and what it has signed: a server for 127.0.0.1 and cloud.test, and a client.
struct Certificates {
  explicit Certificates(const std::string& client_name = "calico-azure-agent")
      : client(authority.issue_to(client_name, "")) {}

  CertificateAuthority authority;
  Issued server = authority.issue("IP:127.0.0.1,DNS:cloud.test");
  Issued client;
};

inline std::unique_ptr<Cloud> started(const Certificates& certificates) {
  auto cloud = Cloud::start({.certificate_pem = certificates.server.certificate,
                             .key_pem = certificates.server.key,
                             .client_ca_pem = certificates.authority.pem(),
                             .tokens = {kServiceAccountToken}});
  if (!cloud) throw std::runtime_error(cloud.error().what);
  return *std::move(cloud);
}

/// A client that shows a certificate: cpp-httplib takes PEM since 0.31, before that OpenSSL's objects.
template <class Client = httplib::SSLClient>
std::unique_ptr<Client> client_showing(const Issued& issued, int port) {
  if constexpr (requires { typename Client::PemMemory; }) {
    return std::make_unique<Client>(
        "127.0.0.1", port,
        typename Client::PemMemory{issued.certificate.data(), issued.certificate.size(), issued.key.data(),
                                   issued.key.size(), nullptr});
  } else {
    auto* const certificate = from_pem<X509, PEM_read_bio_X509>(issued.certificate);
    auto* const key = from_pem<EVP_PKEY, PEM_read_bio_PrivateKey>(issued.key);
    auto made = std::make_unique<Client>("127.0.0.1", port, certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return made;
  }
}

class Clouded : public testing::Test {
 protected:
  // OpenSSL says farewell with write(2), also to a peer that has gone: the client's matter, not the
  // simulator's.
  Clouded() { std::signal(SIGPIPE, SIG_IGN); }

  /// Believes the test's CA alone; `shown`: with the client certificate of these.
  std::unique_ptr<httplib::SSLClient> client(const Certificates* shown = nullptr) const {
    const auto endpoint = cloud_->endpoint();
    const auto port = std::stoi(endpoint.substr(endpoint.rfind(':') + 1));
    auto made = shown == nullptr ? std::make_unique<httplib::SSLClient>("127.0.0.1", port)
                                 : client_showing(shown->client, port);
    auto* const store = X509_STORE_new();
    auto* const ca = from_pem<X509, PEM_read_bio_X509>(certificates_.authority.pem());
    X509_STORE_add_cert(store, ca);
    X509_free(ca);
    made->set_ca_cert_store(store);
    made->set_read_timeout(kPatience);
    made->set_tcp_nodelay(true);
    return made;
  }

  httplib::Response get(const std::string& path, const std::string& token) const {
    const auto result = client()->Get(path, httplib::Headers{{"Authorization", bearer_header(token)}});
    EXPECT_TRUE(result) << path << ": " << httplib::to_string(result.error());
    return result ? *result : httplib::Response();
  }
  httplib::Response arm(const std::string& path) const { return get(path, arm_token()); }
  httplib::Response nodes(const std::string& path) const { return get(path, kServiceAccountToken); }

  const Certificates certificates_;
  const std::unique_ptr<Cloud> cloud_ = started(certificates_);
};

inline std::string error_code(const httplib::Response& response) {
  return json::parse(response.body).at("error").at("code");
}

}  // namespace cloud_test
