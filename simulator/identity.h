#pragma once

#include <chrono>

#include "simulator/message.h"
#include "simulator/target.h"

namespace simulator {

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
