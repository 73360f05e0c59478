#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace imds::simulator {

/// What the simulated Entra ID vouches for. The text holds it all, so that every simulator can tell a token
/// of any other one, without a secret between them: good for tests alone.
struct AccessToken {
  std::string audience;
  std::chrono::system_clock::time_point expires;
};

/// "simulated.1700000000.68747470…": whole seconds, the audience in hexadecimal digits.
std::string write_access_token(const AccessToken& token);

/// nullopt for what write_access_token() did not write.
std::optional<AccessToken> read_access_token(std::string_view text);

}  // namespace imds::simulator
