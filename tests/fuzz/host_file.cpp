// Whatever is in the files that set a machine up, in the environment of its processes, and in what its
// programs print.
#include <cstdint>

#include "host/packet_filters.h"
#include "host/processes.h"
#include "host/system_settings.h"
#include "host/text.h"
#include "tests/fuzz/promise.h"

// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto is_part = [text](std::string_view each) { return each.size() <= text.size(); };
  for (const auto& line : host::parse_sysctls(text)) {
    require(is_part(line.key) && is_part(line.value.value_or("")));
    require(line.key.find('\n') == std::string::npos &&
            line.value.value_or("").find('\n') == std::string::npos);
  }
  for (const auto& entry : host::parse_ini(text)) {
    require(is_part(entry.section) && is_part(entry.key) && is_part(entry.value));
    require(entry.key.find('\n') == std::string::npos && entry.value.find('\n') == std::string::npos);
    (void)host::boolean(entry.value);
  }
  for (const auto& [name, value] : host::parse_environment(text)) {
    require(name.find('=') == std::string::npos && name.find('\0') == std::string::npos);
    for (const auto* secret : {"PASSWORD", "TOKEN", "KEY"}) require(name.find(secret) == std::string::npos);
    require(is_part(value));
  }
  const auto filter = host::parse_iptables_save("nft", text);
  require(filter.backend == "nft");
  std::size_t kept = 0;
  for (const auto& chain : filter.forward) kept += chain.rules.size();
  require(kept <= text.size());
  if (const auto hooks = host::parse_nft_ruleset(text)) {
    for (const auto& hook : *hooks) require(is_part(hook.chain));
  }
  (void)host::tables_met_by_forwarded(text);
  const auto cut = text.find('\n');
  if (cut != std::string_view::npos) {
    (void)host::matches(std::string(text.substr(0, cut)), std::string(text.substr(cut + 1)));
  }
  return 0;
}
