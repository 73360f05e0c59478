#pragma once

#include <string_view>

#include "http1/exchange.h"
#include "imds/options.h"
#include "imds/schedule.h"
#include "net/error.h"
#include "observed/node_network.h"

namespace imds {

/// The document in an answer, or a sentence: who answered what, what it means, what to do. `endpoint` is the
/// configured text.
///
/// EAGAIN for 404, 410 and 5xx (IMDS starts or is updated); EBUSY for 429; EINVAL for 400; EACCES for 403;
/// EOPNOTSUPP for redirects and other statuses; EBADMSG for a 200 without a usable document.
net::Result<observed::NodeNetwork> judge(const http1::Response& response, std::string_view endpoint);

/// The same for an exchange that brought no answer; the code is the trouble's.
net::Error explain(const http1::Failure& failure, const Options& options);

/// What an attempt's error means for the next one.
Outcome outcome_of(const net::Error& error);

}  // namespace imds
