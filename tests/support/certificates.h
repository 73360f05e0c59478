#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

/// A certificate and its key, as PEM.
struct Issued {
  std::string certificate;
  std::string key;
};

/// A certificate authority of the test's own.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& name = "test CA");

  [[nodiscard]] const std::string& pem() const { return pem_; }
  /// `names` as in openssl.cnf: "DNS:localhost,IP:127.0.0.1"; valid from then to then, in seconds from now.
  [[nodiscard]] Issued issue(const std::string& names, long from = -3600, long to = 3600) const {
    return issue_to("a leaf", names, from, to);
  }
  /// For that common name: "system:node:vm-a".
  [[nodiscard]] Issued issue_to(const std::string& common_name, const std::string& names, long from = -3600,
                                long to = 3600) const;

 private:
  struct Free {
    void operator()(X509* object) const { X509_free(object); }
    void operator()(EVP_PKEY* object) const { EVP_PKEY_free(object); }
  };
  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
  std::string pem_;
};
