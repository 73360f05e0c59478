#include "agent/manual/shell_words.h"

#include <algorithm>
#include <stdexcept>

#include "agent/config/keys.h"

namespace agent::manual {
namespace {

void collect(const Command& command, const std::string& path, std::vector<CommandPlace>& all) {
  all.push_back({path, command});
  for (const auto& each : command.commands) {
    collect(each, path.empty() ? each.name : path + " " + each.name, all);
  }
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string all = "'";
  for (const char each : text) {
    if (each == '\\') throw std::logic_error("no quoting that every shell reads alike: " + std::string(text));
    if (each == '\'') {
      all += "'\\''";
    } else {
      all += each == '\n' ? ' ' : each;
    }
  }
  return all + "'";
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const auto& each : words) text.append(text.empty() ? "" : separator).append(each);
  return text;
}

Completion completion_of(const Command::Option& option) {
  if (option.type == "FILE") return Completion::files;
  if (option.type == "KEY=VALUE") return Completion::settings;
  return Completion::nothing;
}

std::vector<std::string> settings() {
  std::vector<std::string> all;
  for (const auto& key : keys()) all.push_back(key.path() + "=");
  return all;
}

std::vector<std::string> names_of(const Command& command) {
  std::vector<std::string> all;
  for (const auto& each : command.commands) all.push_back(each.name);
  return all;
}

Options options_of(const Command& command) {
  auto all = command.options;
  std::erase_if(all, [](const auto& each) { return each.flags.empty(); });
  return all;
}

Options arguments_of(const Command& command) {
  auto all = command.options;
  std::erase_if(all, [](const auto& each) { return !each.flags.empty(); });
  return all;
}

std::vector<std::string> flags_of(const Options& options) {
  std::vector<std::string> all;
  for (const auto& each : options) all.insert(all.end(), each.flags.begin(), each.flags.end());
  return all;
}

std::vector<CommandPlace> every_place() {
  std::vector<CommandPlace> all;
  collect(command_tree(), "", all);
  return all;
}

Options own_options(const CommandPlace& place) {
  auto all = options_of(place.command);
  const auto common = options_of(command_tree());
  std::erase_if(all, [&common](const auto& each) {
    return std::any_of(common.begin(), common.end(),
                       [&each](const auto& other) { return other.flags == each.flags; });
  });
  return all;
}

Options options_at(const CommandPlace& place) {
  auto all = own_options(place);
  const auto common = options_of(command_tree());
  all.insert(all.end(), common.begin(), common.end());
  return all;
}

std::vector<std::string> steps() {
  std::vector<std::string> all;
  for (const auto& place : every_place()) {
    for (const auto& name : names_of(place.command)) all.push_back(place.path + ":" + name);
  }
  return all;
}

std::vector<std::string> flags_with(Completion completion) {
  Options all;
  for (const auto& place : every_place()) {
    auto options = place.path.empty() ? options_of(place.command) : own_options(place);
    std::erase_if(options, [completion](const auto& each) {
      return each.type.empty() || completion_of(each) != completion;
    });
    all.insert(all.end(), options.begin(), options.end());
  }
  return flags_of(all);
}

std::vector<std::string> flags_with_a_value() {
  std::vector<std::string> all;
  for (const auto completion : {Completion::files, Completion::settings, Completion::nothing}) {
    const auto some = flags_with(completion);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace agent::manual
