#include "simulator/cloud/fault.h"

#include <array>

namespace simulator::cloud {
namespace {

using Kind = Fault::Kind;

constexpr auto kKinds = std::to_array<FaultKind>({
    {Kind::status, "status", "answers `code`, with `text` as its body and `headers` if there are any"},
    {Kind::body, "body", "200 with `text`, whatever it is"},
    {Kind::not_json, "not_json", "200 with a web page"},
    {Kind::expired_token, "expired_token", "401, although the token is good"},
    {Kind::silence, "silence", "accepts the request and never answers"},
    {Kind::reset, "reset", "a TCP reset instead of an answer"},
    {Kind::slow, "slow", "the first byte after `delay_ms`"},
    {Kind::drip, "drip", "`delay_ms` after every byte; of a watch, after every event"},
    {Kind::truncate, "truncate", "half of the body, or of a watch's first event, then the connection closes"},
});

}  // namespace

std::span<const FaultKind> fault_kinds() { return kKinds; }

}  // namespace simulator::cloud
