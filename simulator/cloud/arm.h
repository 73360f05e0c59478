#pragma once

#include <chrono>
#include <string>

#include "simulator/cloud/arm_store.h"
#include "simulator/message.h"

namespace simulator::cloud {

/// {"error":{"code":"…","message":"…"}} with the status.
Response arm_error(unsigned status, const std::string& code, const std::string& message);

/// 401 with the WWW-Authenticate that real ones bear.
Response arm_unauthorized(const std::string& code, const std::string& message);

/// "/subscriptions/S/resourceGroups/RG/…", as asked.
std::string resource_id(const Target& target);

/// 403 for what the request's method would do there: ".../subnets/read" over the scope "/subscriptions/…".
Response arm_forbidden(const Target& target, const Request& request);

/// A version that Azure does not have for this type: 400 NoRegisteredProviderFound, for the lists of groups
/// and subscriptions 404 InvalidResourceType.
Response arm_no_version(const Target& target, const ResourceType& type, const std::string& version,
                        const std::string& location);

/// 404 in the words of the Resource Manager for a resource, of its provider for a child such as a subnet.
Response arm_not_found(const Target& target);
Response arm_no_group(const std::string& group);

/// The response for a fault's status; `fault_headers`: it names its own Retry-After.
Response arm_status(unsigned status, const Target& target, const Request& request, bool fault_headers);

/// GET of what is stored, for tokens of the simulated IMDS. Writes are 403: no token has the right.
///
/// A version of the API that Azure does not have for the type is refused in Azure's words. A list that is
/// not stored is made of what is; a stored one, {"value":[…],"page_size":2}, is served in pages with
/// nextLink, without the page_size.
Response answer_arm(const Request& request, const Target& target, const ArmStore& store,
                    std::chrono::system_clock::time_point now);

/// 401 ExpiredAuthenticationToken.
Response expired_token(std::chrono::system_clock::time_point expired,
                       std::chrono::system_clock::time_point now);

/// GET /metadata/endpoints: for whom this endpoint's tokens are; needs none.
Response answer_endpoints(const Request& request, const Target& target);

/// Adds what every answer of ARM bears.
void add_arm_headers(Response& response);

}  // namespace simulator::cloud
