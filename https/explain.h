#pragma once

#include <httplib.h>

#include <string>

#include "https/intake.h"
#include "net/error.h"

namespace https {

/// What is known of a conversation that has failed.
struct RequestFailure {
  httplib::Error error = httplib::Error::Unknown;
  BodyReader::End end = BodyReader::End::none;
  bool expired = false;
  bool received_data = false;    ///< something came that may be an answer
  bool header_complete = false;  ///< it was one
  bool withheld = false;         ///< it was, and repeats a credential
  long verified = 0;             ///< X509_V_…
  std::string tls_reason;        ///< OpenSSL's latest, where there is one
  int connect_errno = 0;         ///< why it cannot be connected to
};

/// The error of https.h that it is; `site` as in Url::site(), `name` what the certificate was to bear.
net::Error explain(const RequestFailure& failure, const std::string& site, const std::string& name);

}  // namespace https
