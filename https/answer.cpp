#include "https/answer.h"

#include <fmt/format.h>
#include <openssl/x509_vfy.h>

namespace https {
bool BodyReader::stop(End why) {
  end_ = why;
  return false;
}

bool BodyReader::take(std::string_view part) {
  if (!by_lines()) {
    if (response.body.size() + part.size() > largest_) return stop(End::too_large);
    response.body += part;
    return true;
  }
  for (;;) {
    const auto feed = part.find('\n');
    const auto piece = part.substr(0, feed);
    if (pending_.size() + piece.size() > largest_) return stop(End::too_large);
    pending_ += piece;
    if (feed == std::string_view::npos) return true;
    if (!(*line_)(pending_)) return stop(End::satisfied);
    pending_.clear();
    part.remove_prefix(feed + 1);
  }
}

void BodyReader::finish() {
  if (by_lines() && end_ == End::none && !pending_.empty()) (*line_)(pending_);
}

namespace {

struct Meaning {
  int code;
  std::string sentence;
};

Meaning not_connected(int code) {
  const auto cannot = fmt::format("cannot be connected to ({})", std::system_category().message(code));
  switch (code) {
    case ECONNREFUSED:
      return {code, cannot + ": nothing listens there, or a firewall rejects it"};
    case ENETUNREACH:
    case EHOSTUNREACH:
      return {ENETUNREACH, cannot + ": check 'ip route' and the subnet's routes"};
    case ETIMEDOUT:
      return {
          code,
          "no connection in time: packets are dropped on the way; check network security groups, firewalls "
          "and 'ip route'"};
    case EACCES:
    case EPERM:
      return {code, cannot + ": a firewall, a 'prohibit' route or the unit's IPAddressDeny= forbids it"};
    default:
      return {code, cannot};
  }
}

Meaning not_believed(const RequestFailure& failure, const std::string& name) {
  switch (failure.verified) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {EPROTO, fmt::format("its certificate is not for '{}'; something else answers there, or the "
                                  "certificate lacks this subject alternative name",
                                  name)};
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {EPROTO, fmt::format("its certificate is not believed ({}): renew it, or set this node's clock",
                                  X509_verify_cert_error_string(failure.verified))};
    default:
      return {EPROTO, fmt::format("its certificate is not believed ({}): check {}, and what stands between",
                                  X509_verify_cert_error_string(failure.verified),
                                  failure.by_system ? "that this machine has its CA (package ca-certificates)"
                                                    : "the CA that is configured")};
  }
}

Meaning broken(const RequestFailure& failure) {
  if (failure.without_length) {
    return {EPROTO,
            "its HTTP answer has no length, so that nobody could tell whether it is complete; check the "
            "proxy that stands between"};
  }
  if (failure.malformed) return {EPROTO, "its HTTP answer is malformed: check the proxy that stands between"};
  if (failure.header_complete) return {ECONNRESET, "the connection broke before the answer was complete"};
  if (failure.received_data) {
    return {EPROTO, "what answers does not speak HTTP, or its header is broken off or too large"};
  }
  if (!failure.tls_reason.empty()) return {EPROTO, fmt::format("TLS fails ({})", failure.tls_reason)};
  return {ECONNRESET,
          "it closes the connection without an answer: it is restarting, or wants a client certificate"};
}

Meaning meaning_of(const RequestFailure& failure, const std::string& name) {
  if (failure.end == BodyReader::End::too_large)
    return {EMSGSIZE, fmt::format("the answer is larger than {} MiB", failure.largest_body >> 20U)};
  if (failure.withheld) {
    return {EBADMSG,
            "the answer is withheld: it repeats the credential that it was asked with, which no such "
            "server does; check what answers there"};
  }
  if (failure.stage == RequestFailure::Stage::connecting) {
    return not_connected(failure.expired ? ETIMEDOUT : failure.connect_errno);
  }
  if (failure.expired) return {ETIMEDOUT, "no complete answer in time"};
  if (failure.stage == RequestFailure::Stage::handshake && failure.verified != X509_V_OK) {
    return not_believed(failure, name);
  }
  return broken(failure);
}

}  // namespace

net::Error explain(const RequestFailure& failure, const std::string& site, const std::string& name) {
  const auto meaning = meaning_of(failure, name);
  return {{meaning.code, std::system_category()}, fmt::format("{}: {}", site, meaning.sentence)};
}

}  // namespace https
