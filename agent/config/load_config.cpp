#include "agent/config/load_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "agent/config/config.h"
#include "agent/config/cross_checks.h"
#include "agent/config/keys.h"
#include "agent/config/read_file.h"
#include "agent/config/toml_file.h"
#include "agent/log/one_line.h"
#include "net/foreign_text.h"

namespace agent {

namespace {

/// Of each key something.
template <class Each>
std::vector<std::string> of_each_key(Each each) {
  std::vector<std::string> all;
  for (const Key& key : keys()) all.emplace_back(each(key));
  return all;
}

/// With the same key in another section, else the key that is spelled most alike.
std::string unknown_key(std::string_view path) {
  const auto name = path.substr(path.rfind('.') + 1);
  for (const Key& key : keys()) {
    if (key.name == name) return fmt::format("unknown key {}: did you mean {}?", path, key.path());
  }
  return fmt::format("unknown key {}{}", path, did_you_mean(path, of_each_key(std::mem_fn(&Key::path))));
}

std::string unknown_section(std::string_view name) {
  auto sections = of_each_key(std::mem_fn(&Key::section));
  std::erase(sections, "");  // keys without a section
  return fmt::format("unknown section {}{}", name, did_you_mean(name, sections));
}

std::string unknown_variable(std::string_view name) {
  const auto names =
      of_each_key([](const Key& key) { return key.variable().substr(kVariablePrefix.size()); });
  return "no such setting" + did_you_mean(name.substr(kVariablePrefix.size()), names, kVariablePrefix);
}

/// Variables that Kubernetes gives to every pod beside a Service named calico-azure-agent.
bool is_service_link(std::string_view variable) {
  const auto name = variable.substr(kVariablePrefix.size());
  return name.substr(0, 8) == "SERVICE_" || name == "PORT" || name.substr(0, 5) == "PORT_";
}

/// Puts a configuration together, source after source.
class Loading {
 public:
  Loading() {
    for (const Key& key : keys()) draft_.origins[key.path()] = {};
  }

  void file(const std::filesystem::path& path, bool required, Kinds kinds) {
    const auto contents = read_file(path, kLargestConfigFile, kinds);
    if (!contents) {
      const bool missing =
          contents.error().code.value() == ENOENT || contents.error().code.value() == ENOTDIR;
      if (required || !missing) complain({OriginKind::file, path.string()}, contents.error().what);
      return;
    }
    file_hash_ = contents_hash(*contents);
    const auto toml = parse_toml(*contents, path.string());
    if (toml.fault) complain(toml.fault->location, toml.fault->what);
    for (const auto& [name, raw] : toml.members) top_level(name, raw);
  }

  void environment(const std::map<std::string, std::string>& variables) {
    for (const auto& [name, text] : variables) {
      if (name.substr(0, kVariablePrefix.size()) == kVariablePrefix) variable(name, text);
    }
  }

  void setting(const std::string& setting) {
    const auto equals = setting.find('=');
    const auto path = setting.substr(0, equals);
    if (equals == std::string::npos || path.empty()) {
      return complain({OriginKind::flag, "--set " + setting}, "is not section.key=value");
    }
    const SourceLocation location(OriginKind::flag, "--set " + path);
    if (const auto* key = find_key(path)) {
      text(*key, setting.substr(equals + 1), location);
    } else {
      complain(location, unknown_key(path));
    }
  }

  tl::expected<LoadedConfig, std::vector<ConfigError>> finish(
      std::span<const std::string_view> known_check_ids) {
    for (auto& issue : cross_checks(draft_, known_check_ids)) issues_.push_back(std::move(issue));
    if (issues_.empty()) return LoadedConfig{std::move(draft_.config), std::move(draft_.origins), file_hash_};
    std::stable_sort(issues_.begin(), issues_.end(), [](const ConfigIssue& a, const ConfigIssue& b) {
      return a.location.before(b.location);
    });
    std::vector<ConfigError> errors;
    for (auto& issue : issues_) errors.push_back({issue.location.origin().where, std::move(issue.what)});
    return tl::unexpected(std::move(errors));
  }

 private:
  void complain(const SourceLocation& location, std::string what) {
    issues_.push_back({location, std::move(what)});
  }

  void top_level(const std::string& name, const RawValue& raw) {
    const auto* section = std::get_if<RawValue::Table>(&raw.value);
    if (find_key(name) != nullptr || (section == nullptr && !is_section(name))) {
      entry(name, raw);
    } else if (!is_section(name)) {
      complain(raw.location, unknown_section(name));
    } else if (section == nullptr) {
      complain(raw.location, fmt::format("{} is a section: write [{}]", name, name));
    } else {
      for (const auto& [member, value] : *section) entry(fmt::format("{}.{}", name, member), value);
    }
  }

  void entry(const std::string& path, const RawValue& raw) {
    if (const auto* key = find_key(path)) {
      take(*key, raw);
    } else {
      complain(raw.location, unknown_key(path));
    }
  }

  void variable(const std::string& name, const std::string& value) {
    const SourceLocation location(OriginKind::environment, name);
    const auto all = keys();
    const auto key =
        std::find_if(all.begin(), all.end(), [&](const Key& each) { return each.variable() == name; });
    if (key != all.end()) {
      text(*key, value, location);
    } else if (is_service_link(name)) {
      complain(location,
               "no such setting; this looks like a Kubernetes service link: set enableServiceLinks: false");
    } else {
      complain(location, unknown_variable(name));
    }
  }

  void text(const Key& key, const std::string& value, const SourceLocation& location) {
    if (net::utf8_prefix(value) < value.size()) {
      return complain(location, key.path() + ": the value is not valid UTF-8");
    }
    take(key, raw_of_text(key.shape, value, location));
  }

  void take(const Key& key, const RawValue& raw) {
    const auto path = key.path();
    auto result = key.read(draft_.config, raw);
    draft_.origins[path] = raw.location.origin();
    draft_.elements[path] = std::move(result.elements);
    if (draft_.elements[path].empty()) draft_.elements[path] = {raw.location};
    if (result.issues.empty()) {
      draft_.incomplete.erase(path);
    } else {
      draft_.incomplete.insert(path);
    }
    for (const auto& issue : result.issues) complain(issue.location, path + ": " + issue.what);
  }

  Draft draft_;
  std::optional<std::size_t> file_hash_;
  std::vector<ConfigIssue> issues_;
};

}  // namespace

std::size_t contents_hash(std::string_view contents) { return std::hash<std::string_view>{}(contents); }

std::string ConfigError::text() const { return one_line(where + ": " + what); }

std::vector<std::string> lines_of(const std::vector<ConfigError>& errors) {
  constexpr std::size_t kMostLines = 20;
  constexpr std::size_t kLongestLine = 2048;  // a key or a value may have megabytes
  std::vector<std::string> lines;
  for (const auto& error : errors) {
    if (lines.size() == kMostLines) {
      lines.push_back(fmt::format("and {} more errors", errors.size() - kMostLines));
      break;
    }
    auto text = error.text();
    lines.push_back(text.size() > kLongestLine ? net::foreign_text(text, kLongestLine) : std::move(text));
  }
  return lines;
}

tl::expected<LoadedConfig, std::vector<ConfigError>> load_config(
    const ConfigSources& sources, std::span<const std::string_view> known_check_ids) {
  Loading loading;
  const auto kinds = sources.file_is_regular ? Kinds::regular : Kinds::any;
  if (sources.file) loading.file(*sources.file, sources.file_required, kinds);
  loading.environment(sources.environment);
  for (const auto& setting : sources.settings) loading.setting(setting);
  return loading.finish(known_check_ids);
}

std::map<std::string, std::string> config_environment(const char* const* environment) {
  std::map<std::string, std::string> variables;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view assignment(*environment);
    const auto equals = assignment.find('=');
    if (equals == std::string_view::npos || assignment.substr(0, kVariablePrefix.size()) != kVariablePrefix)
      continue;
    variables.emplace(assignment.substr(0, equals), assignment.substr(equals + 1));
  }
  return variables;
}

node::Policy policy_of(const Config& config) {
  node::Policy policy;
  policy.mode = config.mode.value_or(node::Mode::udr);
  policy.mode_is_automatic = !config.mode;
  policy.nic = config.nic;
  policy.cluster_cidrs = config.cluster_cidrs;
  policy.node_cidrs = config.node_cidrs;
  policy.node_cidr_source = config.node_cidr_source;
  policy.azure_verified = config.azure.verify != AzureVerify::off;
  policy.azure_verified_always = config.azure.verify == AzureVerify::on;
  policy.cloud_config = config.azure.cloud_config;
  policy.routes_enabled = config.routes.enabled;
  policy.protocol = config.routes.protocol;
  policy.table = config.routes.table;
  policy.metric = config.routes.metric;
  policy.local_sink = config.routes.local_sink;
  policy.enforce_sysctls = config.enforce_sysctls;
  policy.require = config.readiness.require;
  policy.ignore = config.readiness.ignore;
  return policy;
}

}  // namespace agent
