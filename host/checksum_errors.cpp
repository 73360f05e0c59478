#include "host/checksum_errors.h"

#include <algorithm>
#include <charconv>

#include "host/files.h"
#include "host/text.h"

namespace host {

net::Result<std::uint64_t> parse_udp_checksum_errors(std::string_view text) {
  // Names on the first line of a protocol, values on the second: net/ipv4/proc.c.
  std::vector<std::string> names;
  for (const auto line : lines(text)) {
    if (!line.starts_with("Udp:")) continue;
    const auto words = parts(line, " ");
    if (names.empty()) {
      names = words;
      continue;
    }
    const auto column = std::find(names.begin(), names.end(), "InCsumErrors");
    const auto index = static_cast<std::size_t>(column - names.begin());
    if (index >= words.size()) break;
    std::uint64_t number = 0;
    const auto& word = words[index];
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size()) break;
    return number;
  }
  return net::failure(EBADMSG, "/proc/net/snmp has no InCsumErrors of UDP");
}

net::Result<observed::ChecksumErrors> ChecksumErrorReader::read(const std::filesystem::path& root, Time now) {
  const auto text = read_text(root / "proc/net/snmp");
  if (!text) return net::pass_on(text);
  const auto total = parse_udp_checksum_errors(*text);
  if (!total) return net::pass_on(total);
  const Look look{.total = *total, .at = now};
  // A lower count is another network namespace's, or another boot's.
  if (!newer_ || newer_->total > *total) older_ = newer_ = look;
  const observed::ChecksumErrors errors{
      .total = *total,
      .lately = *total - older_->total,
      .elapsed = std::chrono::duration_cast<std::chrono::seconds>(now - older_->at)};
  if (now - newer_->at >= kHalfWindow) {
    older_ = newer_;
    newer_ = look;
  }
  return errors;
}

}  // namespace host
