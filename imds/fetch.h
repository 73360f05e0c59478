#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "http1/exchange.h"
#include "net/error.h"
#include "observed/node_network.h"

namespace imds {

/// Where and how often to ask.
struct Options {
  /// `http://` and a literal address, with a port if it is not 80: nothing is resolved and no proxy is used.
  std::string endpoint = "http://169.254.169.254";
  /// Bounds one whole attempt, from the connection to the last byte: a dripping server does not pass it. Long
  /// on purpose: a request given up too early stays open at IMDS and counts against the VM's limit.
  std::chrono::milliseconds read_timeout = std::chrono::seconds(10);
  /// Bounds the connection alone.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  /// From one successful poll to the next, ±20 %. The budget of 5 requests/s is shared by every process of
  /// the VM.
  std::chrono::milliseconds poll_interval = std::chrono::seconds(60);
  /// Where the last good document is kept; empty = nowhere.
  std::filesystem::path cache_file = {};
};

/// A usable answer of IMDS.
struct Reading {
  observed::NodeNetwork network;
  std::string document;     ///< the answer as it came, byte for byte
  std::string api_version;  ///< the one that IMDS accepted

  bool operator==(const Reading&) const = default;
};

/// Asks once and waits for the answer, `read_timeout` at most. Asks for api-version 2021-02-01, and where
/// that is refused with 400 for 2019-06-01 in the same attempt. Leaves the cache alone.
///
/// The sentence of an error names the endpoint, what happened and what to do. Codes: ETIMEDOUT, ECONNREFUSED,
/// ENETUNREACH, ECONNRESET and the like from the connection; EMSGSIZE and EPROTO for an answer that is no
/// IMDS's; EAGAIN (404, 410, 5xx), EBUSY (429), EINVAL (400, bad endpoint), EACCES (403), EOPNOTSUPP (3xx and
/// others) by status; EBADMSG for a document that cannot be used.
net::Result<Reading> fetch_once(const Options& options);

/// 2021-02-01 brings resourceId and osProfile and is in every cloud; newer ones add nothing that we read.
inline constexpr auto kPreferredApiVersion = "2021-02-01";
/// Known to every IMDS in use: cloud-init falls back to it too.
inline constexpr auto kFallbackApiVersion = "2019-06-01";

/// One attempt on an exchange that another thread may interrupt (ECANCELED). `api_version` is asked for; once
/// the fallback has been accepted it becomes that one, so that a process which keeps it falls back once.
net::Result<Reading> attempt(http1::Exchange& exchange, const Options& options, std::string& api_version);

}  // namespace imds
