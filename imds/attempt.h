#pragma once

#include <string>

#include "http1/exchange.h"
#include "imds/options.h"
#include "imds/reading.h"
#include "net/error.h"

namespace imds {

/// 2021-02-01 brings resourceId and osProfile and is in every cloud; newer ones add nothing that we read.
inline constexpr auto kPreferredApiVersion = "2021-02-01";
/// Known to every IMDS in use: cloud-init falls back to it too.
inline constexpr auto kFallbackApiVersion = "2019-06-01";

/// One attempt on an exchange that another thread may interrupt (ECANCELED). `api_version` is asked for; once
/// the fallback has been accepted it becomes that one, so that a process which keeps it falls back once.
net::Result<Reading> attempt(http1::Exchange& exchange, const Options& options, std::string& api_version);

}  // namespace imds
