#pragma once

#include <string>

#include "simulator/cloud/resource_types.h"
#include "simulator/target.h"
#include "simulator/wire.h"

namespace simulator::cloud {

/// {"error":{"code":"…","message":"…"}} with the status.
Answer arm_error(unsigned status, const std::string& code, const std::string& message);

/// 401 with the WWW-Authenticate that real ones bear.
Answer arm_unauthorized(const std::string& code, const std::string& message);

/// "/subscriptions/S/resourceGroups/RG/…", as asked.
std::string resource_id(const Target& target);

/// 403 for what the question's method would do there: ".../subnets/read" over the scope "/subscriptions/…".
Answer arm_forbidden(const Target& target, const Question& question);

/// A version that Azure does not have for this type: 400 NoRegisteredProviderFound, for the lists of groups
/// and subscriptions 404 InvalidResourceType.
Answer arm_no_version(const Target& target, const ResourceType& type, const std::string& version,
                      const std::string& location);

/// 404 in the words of the Resource Manager for a resource, of its provider for a child such as a subnet.
Answer arm_not_found(const Target& target);
Answer arm_no_group(const std::string& group);

/// What a fault's status says here; `fault_headers`: it names its own Retry-After.
Answer arm_status(unsigned status, const Target& target, const Question& question, bool fault_headers);

}  // namespace simulator::cloud
