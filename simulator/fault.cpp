#include "simulator/fault.h"

#include <array>

namespace simulator {
namespace {

using Kind = Fault::Kind;

constexpr auto kKinds = std::to_array<FaultKind>({
    {Kind::status, "status", "answers `code`, with `text` as its body if there is one"},
    {Kind::body, "body", "200 with `text`, whatever it is"},
    {Kind::not_json, "not_json", "200 with a web page"},
    {Kind::proxy_403, "proxy_403", "403 with a web page"},
    {Kind::redirect, "redirect", "302 to `text`"},
    {Kind::huge_body, "huge_body", "200 with a JSON document of more than 1 MiB"},
    {Kind::huge_header, "huge_header", "200 with more than 16 KiB of header"},
    {Kind::not_http, "not_http", "bytes that are not HTTP"},
    {Kind::silence, "silence", "accepts the request and never answers"},
    {Kind::reset, "reset", "a TCP reset instead of an answer"},
    {Kind::slow, "slow", "the first byte after `delay_ms`"},
    {Kind::drip, "drip", "`delay_ms` after every byte"},
    {Kind::truncate, "truncate", "half of the body, then the connection closes"},
    {Kind::content_length, "content_length", "Content-Length wrong by `amount` bytes"},
    {Kind::no_network, "no_network", "the document has no network"},
    {Kind::no_addresses, "no_addresses", "every ipAddress is empty"},
    {Kind::reorder_nics, "reorder_nics", "the interfaces in reverse order"},
    {Kind::ipv6_subnet, "ipv6_subnet", "with ipv6.subnet, which real IMDS never sends"},
    {Kind::mac_colons, "mac_colons", "MAC addresses with colons"},
    {Kind::mac_lower_case, "mac_lower_case", "MAC addresses in lower case"},
    {Kind::stale, "stale", "the document that the last change replaced"},
    {Kind::identity_not_found, "identity_not_found", "tokens: 400 Identity not found"},
    {Kind::token_numbers, "token_numbers", "tokens: times as JSON numbers"},
    {Kind::token_lifetime, "token_lifetime", "tokens: expire in `amount` seconds, negative: have expired"},
});

}  // namespace

std::span<const FaultKind> fault_kinds() { return kKinds; }

std::string_view fault_name(Fault::Kind kind) { return kKinds.at(static_cast<std::size_t>(kind)).name; }

}  // namespace simulator
