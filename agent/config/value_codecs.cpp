#include "agent/config/value_codecs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/config/duration.h"
#include "agent/config/values.h"

namespace agent {
namespace {

using std::chrono::milliseconds;

using Refused = tl::unexpected<std::string>;

/// One of a few words.
template <class T>
TextCodec<T> choice(std::vector<std::pair<std::string_view, T>> words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : ", ") + fmt::format("\"{}\"", word.first);
  const auto parse = [words, all](std::string_view text) -> tl::expected<T, std::string> {
    for (const auto& word : words) {
      if (word.first == text) return word.second;
    }
    return Refused(fmt::format("'{}' is none of {}", text, all));
  };
  const auto print = [words](const T& value) {
    const auto found =
        std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.second == value; });
    return std::string(found->first);
  };
  return {"one of " + all, parse, print};
}

/// A value that is its own text.
std::string itself(const std::string& value) { return value; }

}  // namespace

TextCodec<milliseconds> duration(milliseconds least, milliseconds most) {
  const auto parse = [least, most](std::string_view text) -> tl::expected<milliseconds, std::string> {
    const auto parsed = parse_duration(text);
    if (!parsed) return Refused(parsed.error().what);
    if (*parsed < least || most < *parsed) {
      return Refused(
          fmt::format("{} is out of range: {} to {}", text, duration_text(least), duration_text(most)));
    }
    return *parsed;
  };
  return {"a duration in quotes such as \"90s\"", parse, duration_text};
}

TextCodec<std::string> endpoint() {
  return {"a string such as \"http://169.254.169.254\"", parse_endpoint, itself};
}

TextCodec<node::NicSelector> nic_selector() {
  return {"a string such as \"primary\"", parse_nic_selector, node::selector_text};
}

TextCodec<std::string> plain() { return {"a string", parse_plain, itself}; }

TextCodec<Listen> listen_address() {
  const auto parse = [](std::string_view text) -> tl::expected<Listen, std::string> {
    auto parsed = parse_listen(text);
    if (!parsed) return Refused(parsed.error().what);
    return *parsed;
  };
  return {"a string such as \"127.0.0.1:16925\"", parse, listen_text};
}

ListCodec<net::Prefix> cidrs() {
  const auto parse = [](std::string_view text) -> tl::expected<net::Prefix, std::string> {
    const auto parsed = net::Prefix::parse(text);
    if (!parsed) return Refused(parsed.error().what);
    return *parsed;
  };
  const auto print = [](const net::Prefix& cidr) { return cidr.text(); };
  return {"a list such as [\"10.240.128.0/17\"]",
          {"a CIDR in quotes such as \"10.240.128.0/17\"", parse, print}};
}

ListCodec<std::string> check_id_list() { return {"a list such as [\"sysctl.rp_filter\"]", plain()}; }

TextCodec<std::optional<node::Mode>> modes() {
  std::vector<std::pair<std::string_view, std::optional<node::Mode>>> words = {{"auto", std::nullopt}};
  for (const auto mode :
       {node::Mode::udr, node::Mode::flannel, node::Mode::azure_cni, node::Mode::calico_vxlan}) {
    words.emplace_back(node::mode_name(mode), mode);
  }
  return choice(words);
}

TextCodec<node::NodeCidrSource> node_cidr_sources() {
  return choice<node::NodeCidrSource>({{"auto", node::NodeCidrSource::automatic},
                                       {"static", node::NodeCidrSource::static_list},
                                       {"kubernetes", node::NodeCidrSource::kubernetes},
                                       {"route-table", node::NodeCidrSource::route_table},
                                       {"flannel", node::NodeCidrSource::flannel}});
}

TextCodec<node::LocalSink> local_sinks() {
  return choice<node::LocalSink>({{"blackhole", node::LocalSink::blackhole},
                                  {"unreachable", node::LocalSink::unreachable},
                                  {"none", node::LocalSink::none}});
}

TextCodec<bool> sysctl_actions() { return choice<bool>({{"check", false}, {"enforce", true}}); }

TextCodec<AzureVerify> azure_verifications() {
  return choice<AzureVerify>(
      {{"auto", AzureVerify::automatic}, {"on", AzureVerify::on}, {"off", AzureVerify::off}});
}

TextCodec<LogLevel> log_levels() {
  std::vector<std::pair<std::string_view, LogLevel>> words;
  for (const auto level :
       {LogLevel::trace, LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
    words.emplace_back(level_name(level), level);
  }
  return choice(words);
}

TextCodec<LogFormat> log_formats() {
  std::vector<std::pair<std::string_view, LogFormat>> words;
  for (const auto format : {LogFormat::automatic, LogFormat::journal, LogFormat::text, LogFormat::json}) {
    words.emplace_back(format_name(format), format);
  }
  return choice(words);
}

}  // namespace agent
