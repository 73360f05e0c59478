#pragma once

#include <optional>

#include "net/change.h"
#include "net/rule.h"
#include "netlink/message.h"

namespace netlink {

/// RTM_NEWRULE (NLM_F_CREATE|NLM_F_EXCL) or RTM_DELRULE for `from SOURCE lookup TABLE`.
Message encode_rule(net::Verb verb, const net::Rule& rule);

/// RTM_GETRULE for a dump of one family.
Message encode_rule_dump(net::Family family);

/// nullopt for other families and bytes that are no rule.
std::optional<net::Rule> decode_rule(const nlmsghdr& header);

}  // namespace netlink
