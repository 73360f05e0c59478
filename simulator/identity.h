#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "simulator/message.h"

namespace simulator {

/// RFC 4648, section 5, without padding: as in JSON Web Tokens and Kubernetes' continue tokens.
std::string to_base64url(std::string_view bytes);

/// nullopt for what to_base64url() does not write.
std::optional<std::string> from_base64url(std::string_view text);

/// What the simulated Entra ID signs. The text holds it all, so that every simulator can tell a token
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

/// How tokens come out; the normal ones live 24 h
/// (https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token).
struct TokenStyle {
  std::chrono::seconds lifetime{86400};
  bool numbers = false;    ///< times as JSON numbers instead of strings
  bool not_found = false;  ///< 400 Identity not found
};

/// True for paths below /metadata/identity, which have limits and error bodies of their own.
bool is_identity(const Target& target);

/// /metadata/identity/oauth2/token and /metadata/identity/info. The VM has a system-assigned identity, for
/// who names none, and one user-assigned identity, kClientId; a request for another is 400 Identity not
/// found.
Response answer_identity(const Request& request, const Target& target, const TokenStyle& style,
                         std::chrono::system_clock::time_point now);

/// {"error":"…","error_description":"…"} with the status.
Response identity_refusal(unsigned status, const char* error, const char* description);

inline constexpr auto kClientId = "0d46c104-a85f-49e2-9c96-ae58c6fa927b";
inline constexpr auto kSystemClientId = "8f1c6f0e-52c4-4b0f-9a57-2d1f3b7c6a40";

}  // namespace simulator
