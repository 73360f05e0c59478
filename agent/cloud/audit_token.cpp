#include "agent/cloud/audit_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <memory>

#include "https/https.h"
#include "imds/token.h"
#include "json/json.h"
#include "kubernetes/kubeconfig.h"

namespace agent {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);
constexpr std::size_t kLongestToken = std::size_t{64} << 10;

net::Result<std::string> read_standard_input() {
  std::string text;
  char c = 0;
  while (text.size() < kLongestToken && std::cin.get(c)) text += c;
  return token_in(text);
}

std::string escaped(std::string_view text) {
  std::string all;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    all += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return all;
}

/// Whom the variables of Azure's workload identity webhook name.
struct Federation {
  std::string file = audit_variable("AZURE_FEDERATED_TOKEN_FILE");
  std::string tenant = audit_variable("AZURE_TENANT_ID");
  std::string authority = audit_variable("AZURE_AUTHORITY_HOST");
};

net::Result<std::string> federated_token(const Federation& federation, const std::string& client_id,
                                         const std::string& audience) {
  const auto wrong = [](int code, std::string_view what) {
    return net::failure(code, fmt::format("workload identity: {}", what));
  };
  if (client_id.empty() || federation.tenant.empty())
    return wrong(EINVAL, "AZURE_CLIENT_ID or AZURE_TENANT_ID is not set");
  const auto assertion = kubernetes::read_token(federation.file);
  if (!assertion) return wrong(assertion.error().code.value(), assertion.error().what);
  auto authority = federation.authority.empty() ? "https://login.microsoftonline.com" : federation.authority;
  while (authority.ends_with('/')) authority.pop_back();
  const auto response =
      https::get({}, {.url = fmt::format("{}/{}/oauth2/v2.0/token", authority, escaped(federation.tenant)),
                      .headers = {{"Accept", "application/json"}},
                      .finish_by = std::chrono::steady_clock::now() + kPatience,
                      .secrets = {*assertion},
                      .form = federated_form(client_id, audience, *assertion)});
  if (!response) return wrong(response.error().code.value(), response.error().what);
  // A refusal's words are not repeated: it comes from where tokens come from.
  if (response->status != 200)
    return wrong(EACCES,
                 fmt::format("Entra ID gives no token ({}): check the federated credential of the identity, "
                             "its subject and issuer",
                             response->status));
  auto token = imds::parse_token(response->body, std::chrono::system_clock::now());
  if (!token) return wrong(EBADMSG, token.error().what);
  return std::move(token->secret);
}

AuditToken from_file(const std::string& file) {
  const auto kept = std::make_shared<std::string>();
  return {.source = [file, kept](const std::string&, bool) -> net::Result<std::string> {
            if (!kept->empty()) return *kept;
            auto token = net::Result<std::string>();
            if (file == "-") {
              token = read_standard_input();
            } else if (const auto text = kubernetes::read_token(file)) {
              token = token_in(*text);
            } else {
              token = net::pass_on(text);
            }
            if (!token)
              return net::failure(token.error().code.value(), "--token-file: " + token.error().what);
            return *kept = *token;
          },
          .principal = "the caller whose token --token-file has"};
}

}  // namespace

std::string audit_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

net::Result<std::string> token_in(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  auto token = std::string(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
  if (token.starts_with('{')) {
    const auto document = json::parse(token, json::kStrict).value_or(json::Value());
    token = json::string(json::at(document, "accessToken"));
  }
  const auto is_visible = [](char c) { return c > ' ' && c <= '~'; };
  if (token.empty() || token.size() >= kLongestToken ||
      !std::all_of(token.begin(), token.end(), is_visible)) {
    return net::failure(
        EINVAL, "there is no token: az account get-access-token --query accessToken --output tsv prints one");
  }
  return token;
}

std::string federated_form(std::string_view client_id, std::string_view audience,
                           std::string_view assertion) {
  auto scope = std::string(audience);
  while (scope.ends_with('/')) scope.pop_back();
  return fmt::format(
      "grant_type=client_credentials&client_id={}&scope={}&client_assertion_type={}&client_assertion={}",
      escaped(client_id), escaped(scope + "/.default"),
      escaped("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), escaped(assertion));
}

AuditToken audit_token(const AuditRequest& request) {
  if (!request.token_file.empty()) return from_file(request.token_file);
  const Federation federation;
  if (!federation.file.empty()) {
    const auto client_id = request.client_id.empty() ? audit_variable("AZURE_CLIENT_ID") : request.client_id;
    return {
        .source = [federation, client_id](const std::string& audience,
                                          bool) { return federated_token(federation, client_id, audience); },
        .principal = "the workload identity"};
  }
  imds::Options options;
  options.endpoint = request.imds_endpoint;
  options.read_timeout = kPatience;
  const auto tokens = std::make_shared<imds::TokenKeeper>(options, request.client_id);
  return {.source = [tokens](const std::string& audience, bool fresh) -> net::Result<std::string> {
            auto token = tokens->token(audience, fresh);
            if (!token)
              token.error().what +=
                  "; elsewhere than on a VM with an identity: az account get-access-token --query "
                  "accessToken --output tsv | calico-azure-agent audit --token-file -";
            return token;
          },
          .principal = "the VM's managed identity"};
}

}  // namespace agent
