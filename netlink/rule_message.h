#pragma once

#include <optional>
#include <string>

#include "net/change.h"
#include "net/error.h"
#include "net/rule.h"
#include "netlink/message.h"

namespace netlink {

/// RTM_NEWRULE or RTM_DELRULE for `from SOURCE lookup TABLE`.
///
/// - add: NLM_F_CREATE|NLM_F_EXCL. EEXIST where the very same rule stands; one of another protocol may stand
///   beside it (rule_exists() in net/core/fib_rules.c).
/// - remove: names protocol, priority, table and source; ENOENT where no rule has them all. A source of
///   length 0 matches any. Of a rule with a foreign shape the rest is not known: the first one that agrees
///   goes.
///
/// EINVAL: no message says this: replace, or add with a foreign shape.
net::Result<Message> encode_rule(net::Verb verb, const net::Rule& rule);

/// RTM_GETRULE for a dump of one family; the kernel has no filter for it.
Message encode_rule_dump(net::Family family);

/// nullopt for other families and bytes that are no rule. Safe for any bytes of a whole message.
std::optional<net::Rule> decode_rule(const nlmsghdr& header);

/// The same of any rule, with what it chooses packets by.
std::optional<net::PolicyRule> decode_policy_rule(const nlmsghdr& header);

/// "from 10.1.0.0/24 lookup 16925 priority 100 protocol 169", in ip-rule(8)'s order.
std::string rule_text(const net::Rule& rule);

}  // namespace netlink
