#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace simulator {

/// What the simulated Entra ID vouches for. The text holds it all, so that every simulator can tell a token
/// of any other one, without a secret between them: good for tests alone.
struct AccessToken {
  std::string audience;
  std::chrono::system_clock::time_point expires;
  std::string client_id = {};    ///< of the managed identity whose token it is
  std::string object_id = {};    ///< of its service principal: who asks, for Azure's access control
  std::string resource_id = {};  ///< of the identity itself, or of the VM for a system-assigned one
};

/// A JSON Web Token with the claims of a managed identity's, and as long: 1.5 to 2.5 kB. Whole seconds.
std::string write_access_token(const AccessToken& token);

/// nullopt for what write_access_token() did not write.
std::optional<AccessToken> read_access_token(std::string_view text);

}  // namespace simulator
