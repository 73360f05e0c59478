#include "simulator/cloud/credentials.h"

#include <algorithm>

#include "net/foreign_text.h"
#include "simulator/identity.h"

namespace simulator::cloud {
namespace {

constexpr std::string_view kScheme = "Bearer ";
constexpr auto kServiceAccount = "system:serviceaccount:kube-system:calico-azure-agent";

}  // namespace

std::optional<std::string> bearer(const Headers& headers) {
  const auto* const header = find_header(headers, "Authorization");
  if (header == nullptr || !net::same_ignoring_case(header->substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  return header->substr(kScheme.size());
}

AccessToken caller_of(const Headers& headers) {
  const auto text = bearer(headers);
  const auto token = text ? read_access_token(*text) : std::nullopt;
  return token ? *token
               : AccessToken{.audience = {}, .expires = {}, .client_id = kClientId, .object_id = kClientId};
}

std::optional<std::string> user_of(const Headers& headers, const ClientCertificate& certificate,
                                   const std::vector<std::string>& tokens) {
  if (certificate.trusted) return certificate.name;
  const auto token = bearer(headers);
  if (!token || std::find(tokens.begin(), tokens.end(), *token) == tokens.end()) return std::nullopt;
  return kServiceAccount;
}

}  // namespace simulator::cloud
