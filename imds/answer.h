#pragma once

#include <string_view>

#include "http1/exchange.h"
#include "imds/fetch.h"
#include "imds/schedule.h"
#include "net/error.h"
#include "observed/node_network.h"

namespace imds {

/// Reads a metadata document: /metadata/instance, the object at /metadata/instance/network, or the array at
/// /metadata/instance/network/interface.
///
/// Values are taken as strings, numbers or booleans. What cannot be used is left out and the rest kept: an
/// interface without a MAC address, an empty or malformed address, a subnet that is no network (host bits are
/// cleared; /0 means nothing). IMDS names no IPv6 subnets, so an IPv6 address that no listed subnet holds
/// brings its /64, the only length that Azure has
/// (https://learn.microsoft.com/azure/virtual-network/ip-services/ipv6-overview). The order of interfaces and
/// addresses is kept; an interface without any address stays.
///
/// EBADMSG, naming what is missing, when the text is not strict JSON (UTF-8, at most 32 levels, no key twice)
/// or has no interface with a MAC address, or no address on any of them.
net::Result<observed::NodeNetwork> parse(std::string_view json);

/// The document in an answer, or a sentence: who answered what, what it means, what to do. `endpoint` is the
/// configured text.
///
/// EAGAIN for 404, 410 and 5xx (IMDS starts or is updated); EBUSY for 429; EINVAL for 400; EACCES for 403;
/// EOPNOTSUPP for redirects and other statuses; EBADMSG for a 200 without a usable document.
net::Result<observed::NodeNetwork> judge(const http1::Response& response, std::string_view endpoint);

/// The same for an exchange that brought no answer; the code is the failure's.
net::Error explain(const http1::Failure& failure, const Options& options);

/// What an attempt's error means for the next one.
Outcome outcome_of(const net::Error& error);

}  // namespace imds
