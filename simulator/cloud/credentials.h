#pragma once

#include <optional>
#include <string>
#include <vector>

#include "simulator/access_token.h"
#include "simulator/message.h"

namespace simulator::cloud {

/// The token of "Authorization: Bearer …"; nullopt when the header is missing or something else.
std::optional<std::string> bearer(const Headers& headers);

/// Whose token of a simulated IMDS it is; without one, that of its user-assigned identity, as if.
AccessToken caller_of(const Headers& headers);

/// Who asks the API server: a trusted certificate's name, or the service account of a configured token.
/// nullopt for everybody else: 401, as where anonymous requests are switched off (AKS).
std::optional<std::string> user_of(const Headers& headers, const ClientCertificate& certificate,
                                   const std::vector<std::string>& tokens);

}  // namespace simulator::cloud
