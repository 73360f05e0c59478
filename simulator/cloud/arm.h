#pragma once

#include <chrono>

#include "simulator/cloud/arm_store.h"
#include "simulator/message.h"
#include "simulator/target.h"

namespace simulator::cloud {

/// GET of what is stored, for tokens of the simulated IMDS. Writes are 403: nobody has the right.
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
