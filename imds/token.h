#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "imds/options.h"
#include "net/error.h"

namespace imds {

/// A managed identity's bearer token. Never printed.
struct Token {
  std::string secret;
  std::chrono::system_clock::time_point expires;
};

/// The token in a 200 of /metadata/identity/oauth2/token; times as strings or numbers, `expires_on` in any of
/// the ways that are seen (seconds, RFC 3339, "MM/dd/yyyy HH:mm:ss +00:00"), else now + `expires_in`. EBADMSG
/// without quoting.
net::Result<Token> parse_token(std::string_view json, std::chrono::system_clock::time_point now);

/// Asks once. `client_id` empty: the system-assigned identity. ENOENT for 400 "Identity not found", which may
/// pass when an identity has just been assigned; else as fetch_once().
net::Result<Token> fetch_token(const Options& options, std::string_view audience, std::string_view client_id);

/// Keeps a token until shortly before it expires (half of its life above two hours, else five minutes before
/// the end).
class TokenKeeper {
 public:
  TokenKeeper(Options options, std::string client_id);
  /// `fresh`: the one kept was refused.
  net::Result<std::string> token(const std::string& audience, bool fresh);

 private:
  Options options_;
  std::string client_id_;
  std::string audience_;
  std::optional<Token> kept_;
};

}  // namespace imds
