#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "https/https.h"
#include "net/error.h"

namespace https {

/// Where an answer's body goes as it comes: into the Response, or line by line to someone.
class BodyReader {
 public:
  enum class End {
    none,       ///< more is taken
    satisfied,  ///< the reader of lines has had enough
    too_large,
  };

  /// Without a reader, or for another status than 200, the body is kept.
  explicit BodyReader(const std::function<bool(std::string_view)>* line, std::size_t largest = kLargestBody)
      : line_(line), largest_(largest) {}

  /// False when no more is taken; end() is why.
  bool take(std::string_view part);
  /// The body is complete: its last line may lack the line feed.
  void finish();

  [[nodiscard]] End end() const { return end_; }

  Response response;

 private:
  bool stop(End why);
  [[nodiscard]] bool by_lines() const { return line_ != nullptr && response.status == 200; }

  const std::function<bool(std::string_view)>* line_;
  std::size_t largest_;
  std::string pending_;
  End end_ = End::none;
};

/// What is known of a conversation that has failed.
struct RequestFailure {
  enum class Stage : std::uint8_t { connecting, handshake, answering };
  Stage stage = Stage::connecting;
  BodyReader::End end = BodyReader::End::none;
  bool expired = false;
  bool received_data = false;    ///< something came that may be an answer
  bool header_complete = false;  ///< it was one
  bool without_length = false;   ///< its header leaves open where it ends
  bool malformed = false;        ///< its body breaks the rules of HTTP
  bool withheld = false;         ///< it was, and repeats a credential
  bool by_system = false;        ///< whom to believe is in the system's CA store
  long verified = 0;             ///< X509_V_…
  std::string tls_reason;        ///< OpenSSL's, where there is one
  int connect_errno = 0;         ///< why it cannot be connected to
  std::size_t largest_body = kLargestBody;
};

/// The error of https.h that it is; `site` as in Url::site(), `name` what the certificate was to bear.
net::Error explain(const RequestFailure& failure, const std::string& site, const std::string& name);

}  // namespace https
