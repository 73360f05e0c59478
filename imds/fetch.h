#pragma once

#include "imds/options.h"
#include "imds/reading.h"
#include "net/error.h"

namespace imds {

/// Asks once and waits for the answer, `read_timeout` at most. Asks for api-version 2021-02-01, and where
/// that is refused with 400 for 2019-06-01 in the same attempt. Leaves the cache alone.
///
/// The sentence of an error names the endpoint, what happened and what to do. Codes: ETIMEDOUT, ECONNREFUSED,
/// ENETUNREACH, ECONNRESET and the like from the connection; EMSGSIZE and EPROTO for an answer that is no
/// IMDS's; EAGAIN (404, 410, 5xx), EBUSY (429), EINVAL (400, bad endpoint), EACCES (403), EOPNOTSUPP (3xx and
/// others) by status; EBADMSG for a document that cannot be used.
net::Result<Reading> fetch_once(const Options& options);

}  // namespace imds
