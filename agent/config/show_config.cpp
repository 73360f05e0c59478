#include "agent/config/show_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "agent/config/keys.h"
#include "agent/log/one_line.h"

namespace agent {
namespace {

/// Longer lines have their comment right behind them, so that one long list does not push all comments away.
constexpr std::size_t kWidestColumn = 60;

std::string assignment(const Key& key, const Config& config) {
  return fmt::format("{} = {}", key.name, key.print(config));
}

std::size_t comment_column(const Config& config) {
  std::size_t column = 0;
  for (const Key& key : keys()) {
    const auto width = assignment(key, config).size();
    if (width <= kWidestColumn) column = std::max(column, width);
  }
  return column;
}

/// Calls `each` for every key, after `heading` where a new section begins.
template <class Heading, class Each>
void by_section(Heading heading, Each each) {
  std::string_view section;
  for (const Key& key : keys()) {
    if (key.section != section) heading(section = key.section);
    each(key);
  }
}

}  // namespace

std::string show_config(const LoadedConfig& loaded) {
  std::string text;
  auto out = std::back_inserter(text);
  const auto column = comment_column(loaded.config);
  by_section([&](std::string_view section) { fmt::format_to(out, "\n[{}]\n", section); },
             [&](const Key& key) {
               const auto origin = loaded.origins.find(key.path());
               const bool by_default =
                   origin == loaded.origins.end() || origin->second.kind == OriginKind::by_default;
               const auto where = by_default ? "default" : one_line(origin->second.where);
               fmt::format_to(out, "{:{}}  # {}\n", assignment(key, loaded.config), column, where);
             });
  return text;
}

std::string default_config_text() {
  std::string text =
      "# Configuration of calico-azure-agent (TOML). Every key may be left out; what stands here are the "
      "defaults.\n"
      "# A variable CALICO_AZURE_AGENT_<SECTION>_<KEY> overrides this file, and `--set section.key=value` "
      "overrides\n"
      "# both. `calico-azure-agent config check` finds mistakes. While the node has not been ready since the "
      "start, an\n"
      "# edited file takes effect by itself (a reload would wait for the start); after that, `systemctl "
      "reload\n"
      "# calico-azure-agent` applies it. A change of http.listen takes a restart. Durations are \"500ms\", "
      "\"90s\", \"1h30m\".\n";
  auto out = std::back_inserter(text);
  by_section([&](std::string_view section) { fmt::format_to(out, "\n[{}]\n", section); },
             [&](const Key& key) {
               text += "\n# ";
               for (const char c : key.doc) {
                 text += c;
                 if (c == '\n') text += "# ";
               }
               fmt::format_to(out, "\n#{}\n", assignment(key, {}));
             });
  return text;
}

}  // namespace agent
