#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "agent/manual/completions.h"
#include "agent/manual/shell_words.h"

namespace agent::manual {
namespace {

/// The name of the function that completes what stands behind a command.
std::string function_of(std::string path) {
  std::replace(path.begin(), path.end(), ' ', '_');
  return path.empty() ? "_calico_azure_agent" : "_calico_azure_agent_" + path;
}

/// Of an option's or argument's value, as _arguments takes it.
std::string value_of(const Command::Option& option) {
  switch (completion_of(option)) {
    case Completion::files:
      return ":" + option.type + ":_files";
    case Completion::settings:
      return ":" + option.type + ":_calico_azure_agent_settings";
    case Completion::nothing:
      break;
  }
  return option.type.empty() ? "" : ":" + option.type + ":";
}

/// The words that _arguments takes for an option, one for each of its flags.
std::string specifications(const Command::Option& option) {
  if (option.text.find_first_of("[]") != std::string::npos) {
    throw std::logic_error("a bracket that zsh would read: " + option.text);
  }
  std::string all;
  for (const auto& flag : option.flags) {
    const bool is_word = flag.starts_with("--");
    const auto* repeats = option.repeatable ? "*" : "";
    const auto* takes = option.type.empty() ? "" : is_word ? "=" : "+";
    all += " \\\n    " +
           in_quotes(fmt::format("{}{}{}[{}]{}", repeats, flag, takes, option.text, value_of(option)));
  }
  return all;
}

std::string function(const CommandPlace& place) {
  std::string specified;
  for (const auto& each : own_options(place)) specified += specifications(each);
  int position = 0;
  for (const auto& each : arguments_of(place.command)) {
    specified += " \\\n    " + in_quotes(fmt::format("{}{}", ++position, value_of(each)));
  }
  std::string all = function_of(place.path) + "() {\n";
  if (place.command.commands.empty()) {
    return all + fmt::format("  _arguments $common{}\n}}\n", specified);
  }
  std::string named;
  std::string called;
  for (const auto& each : place.command.commands) {
    const auto path = place.path.empty() ? each.name : place.path + " " + each.name;
    named += "\n    " + in_quotes(each.name + ":" + each.text);
    called += fmt::format("        {}) {} && known=0 ;;\n", each.name, function_of(path));
  }
  return all + fmt::format(R"(  local curcontext=$curcontext state known=1
  local -a line commands=({}
  )
  _arguments -C $common '1: :->command' '*:: :->rest'{} && known=0
  case $state in
    command) _describe command commands && known=0 ;;
    rest)
      case $words[1] in
{}      esac
      ;;
  esac
  return known
}}
)",
                           named, specified, called);
}

}  // namespace

std::string zsh_completion() {
  const auto places = every_place();
  std::string all = fmt::format(
      "#compdef calico-azure-agent\n"
      "# zsh completion for calico-azure-agent(8), made from its command line\n"
      "_calico_azure_agent_settings() {{\n  compadd -S '' -- {}\n}}\n",
      joined(settings()));
  for (const auto& place : places) all += function(place);
  std::string common;
  for (const auto& each : options_of(places.front().command)) common += specifications(each);
  return all + "local -a common=(" + common + "\n)\n_calico_azure_agent \"$@\"\n";
}

}  // namespace agent::manual
