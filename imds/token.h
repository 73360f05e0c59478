#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "imds/fetch.h"
#include "net/error.h"

namespace imds {

/// "86317", "86317.0": a number of seconds, up to 2100 when counted from 1970; nullopt for anything
/// else.
std::optional<std::chrono::seconds> parse_seconds(std::string_view text);

/// A moment in any of the ways that token endpoints write `expires_on` (the Microsoft Authentication Library
/// for Go takes the same ones): seconds since 1970, "2024-03-08T11:06:37Z" and its variants with a space, a
/// fraction or an offset, "03/08/2024 11:06:37 +00:00". UTC without an offset; nullopt for anything else.
std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text);

/// A managed identity's bearer token. Never printed.
struct Token {
  std::string secret;
  std::chrono::system_clock::time_point expires;
};

/// The token in a 200 of /metadata/identity/oauth2/token; times as strings or numbers, `expires_on` in any of
/// the ways that are seen (seconds, RFC 3339, "MM/dd/yyyy HH:mm:ss +00:00"), else now + `expires_in`. EBADMSG
/// without quoting.
net::Result<Token> parse_token(std::string_view json, std::chrono::system_clock::time_point now);

/// IMDS keeps tokens itself and returns the same one again unless asked not to: `bypass_cache` in
/// https://github.com/Azure/azure-rest-api-specs, Microsoft.InstanceMetadataService.
enum class TokenCache : std::uint8_t { use, bypass };

/// Asks once. `client_id` empty: the system-assigned identity. ENOKEY for 400 "Identity not found", which may
/// pass when an identity has just been assigned; EINVAL for another 400; else as fetch_once().
net::Result<Token> fetch_token(const Options& options, std::string_view audience, std::string_view client_id,
                               TokenCache cache = TokenCache::use);

/// When to ask for the next token: after half of its life above two hours, else five minutes before its end.
std::chrono::system_clock::time_point refresh_at(const Token& token,
                                                 std::chrono::system_clock::time_point received);

/// Keeps a token until refresh_at(), and beyond it, up to five minutes before its end, while no other can be
/// had. After a 400 it does not ask for 60 s: the error is the same. One thread.
class TokenKeeper {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  TokenKeeper(Options options, std::string client_id, Clock clock = std::chrono::system_clock::now);
  /// `fresh`: the one kept was refused.
  net::Result<std::string> token(const std::string& audience, bool fresh);

 private:
  Options options_;
  std::string client_id_;
  Clock clock_;
  std::string audience_;
  std::optional<Token> kept_;
  std::chrono::system_clock::time_point refresh_;
  std::optional<net::Error> failed_;
  std::chrono::system_clock::time_point failed_at_;
};

}  // namespace imds
