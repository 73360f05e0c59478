#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "arm/resource_id.h"
#include "https/https.h"
#include "net/error.h"

namespace arm {

/// The body {"error":{"code":…,"message":…}} of a refusal; empty where it has none.
struct Reason {
  std::string code;
  std::string message;
};
Reason reason_of(std::string_view json);

/// True for the 429 that asks every request to wait. Its other kind is a lock: another client changes that
/// one resource
/// (https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling).
bool is_throttling(const https::Response& response);

/// What a status other than 200 means, in a sentence with a remedy that repeats no ids of principals; no
/// token is in what https/ hands on. EACCES for 401 and 403 (naming the RBAC action), ENOENT for 404, EBUSY
/// for 429, EAGAIN for 5xx and a lock, EOPNOTSUPP for redirects and other statuses.
/// `principal`: whose token it is, "the VM's managed identity".
net::Error refusal(const https::Response& response, const Subject& subject, std::string_view host,
                   std::string_view principal = "the VM's managed identity");

/// How long a reply asks to be left alone: retry-after-ms, x-ms-retry-after-ms (milliseconds), else
/// Retry-After (seconds or an HTTP date, which counts from the reply's own Date where it has one), in the
/// order of the Azure SDKs. A day at most; nullopt when it has none of them.
std::optional<std::chrono::milliseconds> retry_after(const std::map<std::string, std::string>& headers,
                                                     std::chrono::system_clock::time_point now);

}  // namespace arm
