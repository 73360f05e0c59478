#include "imds/simulator/cloud/certificates.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

#include "net/address.h"

namespace imds::simulator::cloud {
namespace {

constexpr long kDay = 24L * 60 * 60;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free_all>>;

void require(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(std::string("cannot make certificates: ") + what);
}

Key make_key() {
  const KeyContext context(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr));
  EVP_PKEY* key = nullptr;
  require(context && EVP_PKEY_keygen_init(context.get()) == 1 &&
              EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) == 1 &&
              EVP_PKEY_keygen(context.get(), &key) == 1,
          "no key");
  return Key(key);
}

template <class Write>
std::string pem(Write write) {
  const Memory memory(BIO_new(BIO_s_mem()));
  require(memory && write(memory.get()) == 1, "no PEM");
  char* data = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return pem([certificate](BIO* to) { return PEM_write_bio_X509(to, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return pem(
      [key](BIO* to) { return PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

/// A certificate under way: what it is about, then extend(), then sign().
class Draft {
 public:
  Draft(const std::string& name, EVP_PKEY* key) : certificate_(X509_new()) {
    std::uint64_t serial = 0;
    require(certificate_ && RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1,
            "no randomness");
    auto* const raw = certificate_.get();
    X509_set_version(raw, 2);  // counts from 0: X.509 v3
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(raw), serial >> 1);
    X509_gmtime_adj(X509_getm_notBefore(raw), -kDay);  // clocks of test machines differ
    X509_gmtime_adj(X509_getm_notAfter(raw), kDay);
    X509_set_pubkey(raw, key);
    require(X509_NAME_add_entry_by_NID(X509_get_subject_name(raw), NID_commonName, MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(name.data()),
                                       static_cast<int>(name.size()), -1, 0) == 1,
            "the name is no common name");
  }

  Draft& extend(X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer == nullptr ? certificate_.get() : issuer, certificate_.get(), nullptr,
                   nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    require(extension && X509_add_ext(certificate_.get(), extension.get(), -1) == 1, value.c_str());
    return *this;
  }

  Certificate sign(X509* issuer, EVP_PKEY* key) {
    const auto* const signer = issuer == nullptr ? certificate_.get() : issuer;
    X509_set_issuer_name(certificate_.get(), X509_get_subject_name(signer));
    require(X509_sign(certificate_.get(), key, EVP_sha256()) != 0, "no signature");
    return std::move(certificate_);
  }

 private:
  Certificate certificate_;
};

std::string alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    text += (text.empty() ? "" : ",") + std::string(net::Address::parse(name) ? "IP:" : "DNS:") + name;
  }
  return text;
}

}  // namespace

Certificates make_certificates(const std::vector<std::string>& names, const std::string& client) {
  const auto ca_key = make_key();
  const auto ca = Draft("Simulated CA", ca_key.get())
                      .extend(nullptr, NID_basic_constraints, "critical,CA:TRUE")
                      .extend(nullptr, NID_key_usage, "critical,keyCertSign,cRLSign")
                      .extend(nullptr, NID_subject_key_identifier, "hash")
                      .sign(nullptr, ca_key.get());
  const auto server_key = make_key();
  const auto server = Draft("azure-simulator", server_key.get())
                          .extend(ca.get(), NID_subject_alt_name, alternative_names(names))
                          .extend(ca.get(), NID_ext_key_usage, "serverAuth")
                          .extend(ca.get(), NID_authority_key_identifier, "keyid")
                          .sign(ca.get(), ca_key.get());
  const auto client_key = make_key();
  const auto client_certificate = Draft(client, client_key.get())
                                      .extend(ca.get(), NID_ext_key_usage, "clientAuth")
                                      .extend(ca.get(), NID_authority_key_identifier, "keyid")
                                      .sign(ca.get(), ca_key.get());
  return {.ca_pem = pem_of(ca.get()),
          .server_pem = pem_of(server.get()),
          .server_key_pem = pem_of(server_key.get()),
          .client_pem = pem_of(client_certificate.get()),
          .client_key_pem = pem_of(client_key.get())};
}

}  // namespace imds::simulator::cloud
