#include "https/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <climits>
#include <memory>

#include "net/address.h"

namespace https {
namespace {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};

using Bio = std::unique_ptr<BIO, Release<BIO_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;

tl::unexpected<net::Error> unusable(std::string_view what, std::string_view why) {
  ERR_clear_error();
  return net::failure(EINVAL, fmt::format("the {} cannot be used: {}", what, why));
}

Bio memory(const std::string& pem) {
  if (pem.size() > INT_MAX) return nullptr;
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

/// OpenSSL's own would ask the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*context*/) { return -1; }

Certificate next_certificate(BIO* from) {
  return Certificate(PEM_read_bio_X509(from, nullptr, no_passphrase, nullptr));
}

/// Whether reading stopped because there is no more, rather than at something broken.
bool at_the_end() { return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE; }

net::Result<void> believe(SSL_CTX* context, const std::string& pem) {
  const auto bio = memory(pem);
  const Store store(X509_STORE_new());
  if (!bio || !store) return unusable("CA certificate", "out of memory");
  bool any = false;
  while (const auto certificate = next_certificate(bio.get())) {
    if (X509_STORE_add_cert(store.get(), certificate.get()) != 1) {
      return unusable("CA certificate", tls_reason());
    }
    any = true;
  }
  if (!any || !at_the_end()) return unusable("CA certificate", "it is not PEM");
  ERR_clear_error();
  // An intermediate in a CA file is an anchor too, as it is for kubectl.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set1_cert_store(context, store.get());
  return {};
}

net::Result<void> show(SSL_CTX* context, const Identity& identity) {
  const auto certificates = memory(identity.client_certificate_pem);
  const auto keys = memory(identity.client_key_pem);
  if (!certificates || !keys) return unusable("client certificate", "out of memory");
  const auto leaf = next_certificate(certificates.get());
  if (!leaf) return unusable("client certificate", "it is not PEM");
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1) return unusable("client certificate", tls_reason());
  while (auto issuer = next_certificate(certificates.get())) {
    if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1) {
      return unusable("client certificate", tls_reason());
    }
  }
  if (!at_the_end()) return unusable("client certificate", "it is not PEM");
  const Key key(PEM_read_bio_PrivateKey(keys.get(), nullptr, no_passphrase, nullptr));
  if (!key) return unusable("client key", "it is not PEM without a passphrase");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return unusable("client key", "it does not belong to the client certificate");
  }
  ERR_clear_error();
  return {};
}

net::Result<void> expect(SSL_CTX* context, const std::string& name) {
  X509_VERIFY_PARAM* wanted = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(wanted,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const bool set = net::Address::parse(name)
                       ? X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) == 1
                       : !name.empty() && X509_VERIFY_PARAM_set1_host(wanted, name.data(), name.size()) == 1;
  if (!set) return unusable("server name", "it is neither a host name nor an address");
  return {};
}

}  // namespace

net::Result<void> set_up(SSL_CTX* context, const Identity& identity, const std::string& name) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (auto expected = expect(context, name); !expected) return expected;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (identity.ca_pem.empty()) {
    // Where the distribution's OpenSSL looks, or SSL_CERT_FILE and SSL_CERT_DIR.
    SSL_CTX_set_default_verify_paths(context);
    ERR_clear_error();
  } else if (auto believed = believe(context, identity.ca_pem); !believed) {
    return believed;
  }
  if (identity.client_certificate_pem.empty() != identity.client_key_pem.empty()) {
    return unusable("client certificate", "it and its key are needed together");
  }
  if (identity.client_certificate_pem.empty()) return {};
  return show(context, identity);
}

std::string tls_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  return reason == nullptr ? "" : reason;
}

}  // namespace https
