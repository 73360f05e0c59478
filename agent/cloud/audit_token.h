#pragma once

#include <string>

#include "agent/cloud/audit_request.h"
#include "arm/arm.h"

namespace agent {

/// Where an audit's token comes from, and whose it is in sentences: a file or standard input, else a workload
/// identity where its variables are set, else the managed identity of this VM.
struct AuditToken {
  arm::TokenSource source;
  std::string principal;
};
AuditToken audit_token(const AuditRequest& request);

/// Of the environment; empty: not set.
std::string audit_variable(const char* name);

/// A token as it stands, or az's whole answer, {"accessToken": …}; EINVAL for what is none, without quoting
/// it.
net::Result<std::string> token_in(std::string_view text);

/// The body of a workload identity's request for a token.
/// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow (third case)
std::string federated_form(std::string_view client_id, std::string_view audience, std::string_view assertion);

}  // namespace agent
