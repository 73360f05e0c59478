#pragma once

#include <string_view>

#include "net/error.h"
#include "observed/azure_security_group.h"

namespace arm {

/// A network security group as ARM answers it, read: pure. A rule that cannot be used ruins the group, for
/// without it the others decide something else: EBADMSG, naming rule and field.
/// https://learn.microsoft.com/rest/api/virtualnetwork/network-security-groups/get
net::Result<observed::AzureSecurityGroup> parse_security_group(std::string_view json);

}  // namespace arm
