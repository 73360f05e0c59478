#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "arm/arm.h"
#include "arm/resource_id.h"

namespace arm {

/// The GETs of one verification: five at most, two more for security groups, and none after one that leaves
/// no sense in another: the time is up, there is no token or it is not accepted, ARM asked to be left alone.
class RequestBudget {
 public:
  /// Learns `cloud`'s audience where that is empty, with a GET that counts for no budget.
  RequestBudget(Cloud& cloud, const https::Getter& get, const TokenSource& token,
                std::chrono::steady_clock::time_point finish_by)
      : cloud_(cloud), get_(get), token_(token), finish_by_(finish_by) {}

  /// The body of a 200, from the subject's own target or from another one on the same endpoint.
  net::Result<std::string> read(const Subject& subject) { return read(subject, subject.target()); }
  net::Result<std::string> read(const Subject& subject, const std::string& target);

  /// The sentence about a 200 whose body cannot be used.
  [[nodiscard]] net::Error unusable(const Subject& subject, const net::Error& error) const;

  /// The budget is so much larger from now on.
  void extend(unsigned requests) { limit_ += requests; }

  /// Why nothing more is asked, in words for what remains unread.
  [[nodiscard]] const std::optional<net::Error>& stopped() const { return stopped_; }
  [[nodiscard]] const std::string& endpoint() const { return cloud_.endpoint; }
  [[nodiscard]] unsigned requests() const { return requests_; }
  [[nodiscard]] std::optional<std::chrono::milliseconds> resume_after() const { return resume_after_; }

 private:
  static constexpr unsigned kRequests = 5;

  net::Result<https::Response> send(const std::string& target, bool with_token);
  net::Result<void> learn_audience();
  net::Result<void> need_token(bool fresh);
  net::Result<void> prepare();
  tl::unexpected<net::Error> end(net::Error reason);
  [[nodiscard]] net::Error about(const net::Error& error) const;

  Cloud& cloud_;
  const https::Getter& get_;
  const TokenSource& token_;
  std::chrono::steady_clock::time_point finish_by_;
  std::vector<std::string> secrets_;  ///< the token in use, behind one that was refused
  unsigned requests_ = 0;
  unsigned limit_ = kRequests;
  std::optional<std::chrono::milliseconds> resume_after_;
  std::optional<net::Error> stopped_;
};

}  // namespace arm
