#include <algorithm>
#include <utility>

#include "imds/token.h"

namespace imds {
namespace {

using std::chrono::system_clock;
using namespace std::chrono_literals;

constexpr auto kLongLife = 2h;  // as the Microsoft Authentication Libraries have it
constexpr auto kMargin = 5min;
constexpr auto kSilence = 60s;

/// 400: asking again at once brings the same answer.
bool is_for_good(const net::Error& error) {
  return error.code.value() == ENOKEY || error.code.value() == EINVAL;
}

}  // namespace

system_clock::time_point refresh_at(const Token& token, system_clock::time_point received) {
  const auto life = token.expires - received;
  return life > kLongLife ? received + life / 2 : token.expires - kMargin;
}

TokenKeeper::TokenKeeper(Options options, std::string client_id, Clock clock)
    : options_(std::move(options)), client_id_(std::move(client_id)), clock_(std::move(clock)) {}

net::Result<std::string> TokenKeeper::token(const std::string& audience, bool fresh) {
  const auto now = clock_();
  if (audience != audience_) {
    audience_ = audience;
    kept_.reset();
    failed_.reset();
  }
  if (fresh) kept_.reset();
  if (kept_ && now < refresh_) return kept_->secret;
  // The wall clock may be set back meanwhile; then it asks.
  const bool silent = failed_ && now >= failed_at_ && now < failed_at_ + kSilence;
  const bool alive = kept_ && now < kept_->expires - kMargin;
  if (silent && !alive) return tl::unexpected(*failed_);
  if (silent) return kept_->secret;

  auto token = fetch_token(options_, audience, client_id_, fresh ? TokenCache::bypass : TokenCache::use);
  if (!token) {
    failed_.reset();
    if (is_for_good(token.error())) {
      failed_ = token.error();
      failed_at_ = now;
    }
    if (alive) return kept_->secret;
    return net::pass_on(token);
  }
  failed_.reset();
  kept_ = *std::move(token);
  refresh_ = refresh_at(*kept_, now);
  return kept_->secret;
}

}  // namespace imds
