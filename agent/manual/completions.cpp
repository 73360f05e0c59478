#include "agent/manual/completions.h"

#include <fmt/format.h>

#include <functional>
#include <string_view>

#include "agent/cli/command_tree.h"
#include "agent/config/keys.h"

namespace agent::manual {
namespace {

constexpr std::string_view kProgram = "calico-azure-agent";

/// As one word in single quotes of any of the three shells; none of our texts has a backslash.
std::string in_quotes(std::string_view text) {
  std::string all = "'";
  for (const char each : text) {
    if (each == '\'') {
      all += "'\\''";
    } else {
      all += each;
    }
  }
  return all + "'";
}

std::string words(const std::vector<std::string>& all) {
  std::string text;
  for (const auto& each : all) text += (text.empty() ? "" : " ") + each;
  return text;
}

std::string settings() {
  std::vector<std::string> all;
  for (const auto& key : keys()) all.push_back(key.path() + "=");
  return words(all);
}

std::vector<std::string> flags_of(const Command& command) {
  std::vector<std::string> all;
  for (const auto& each : command.options) {
    if (!each.flag.empty()) all.push_back(each.flag);
  }
  return all;
}

std::vector<std::string> names_of(const std::vector<Command>& commands) {
  std::vector<std::string> all;
  for (const auto& each : commands) all.push_back(each.name);
  return all;
}

bool takes_a_file(const Command& command) {
  for (const auto& each : command.options) {
    if (each.flag.empty() && each.type == "FILE") return true;
  }
  return false;
}

/// Each command below the program with the words that lead to it: "config check".
void for_each_command(const Command& command, const std::string& path,
                      const std::function<void(const Command&, const std::string&)>& visit) {
  for (const auto& each : command.commands) {
    const auto name = path.empty() ? each.name : path + " " + each.name;
    visit(each, name);
    for_each_command(each, name, visit);
  }
}

}  // namespace

std::string bash_completion() {
  const auto program = command_tree();
  std::string all = R"(# bash completion of calico-azure-agent(8); made from its command line
_calico_azure_agent() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --config | --set | --timeout) ((i++)) ;;
      -*) ;;
      *) command+=${command:+ }${COMP_WORDS[i]} ;;
    esac
  done
  case $prev in
    --config) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --timeout) return ;;
    --set)
)";
  all += fmt::format("      mapfile -t COMPREPLY < <(compgen -W {} -- \"$cur\")\n", in_quotes(settings()));
  all += "      compopt -o nospace; return ;;\n  esac\n  case $command in\n";
  const auto common = words(flags_of(program));
  all += fmt::format("    '') mapfile -t COMPREPLY < <(compgen -W {} -- \"$cur\") ;;\n",
                     in_quotes(words(names_of(program.commands)) + " " + common));
  for_each_command(program, "", [&](const Command& command, const std::string& path) {
    const auto own = words(names_of(command.commands)) + " " + words(flags_of(command)) + " --config --set";
    all += fmt::format("    {}) mapfile -t COMPREPLY < <(compgen {}-W {} -- \"$cur\") ;;\n", in_quotes(path),
                       takes_a_file(command) ? "-f " : "", in_quotes(own));
  });
  return all + "  esac\n}\ncomplete -F _calico_azure_agent calico-azure-agent\n";
}

std::string zsh_completion() {
  const auto program = command_tree();
  const auto described = [](const std::vector<Command>& commands) {
    std::string list;
    for (const auto& each : commands) list += "    " + in_quotes(each.name + ":" + each.text) + "\n";
    return list;
  };
  std::string all = fmt::format(R"(#compdef {0}
# zsh completion of {0}(8); made from its command line
_calico_azure_agent_keys() {{
  compadd -S '' -- {1}
}}
_calico_azure_agent() {{
  local -a commands common
  local state
  common=('--config[configuration file]:file:_files' '*--set[override one key]:key:_calico_azure_agent_keys' '--help[help]')
  commands=(
{2}  )
  _arguments -C $common '1: :->command' '*:: :->rest' && return
  case $state in
    command) _describe command commands ;;
    rest)
      case $words[1] in
)",
                                kProgram, settings(), described(program.commands));
  for (const auto& command : program.commands) {
    all += fmt::format("        {}) _arguments $common", command.name);
    for (const auto& each : command.options) {
      if (each.flag == "--help") continue;
      if (each.flag.empty()) {
        all += " " + in_quotes(fmt::format("1:{}:", each.type));
      } else {
        all += " " + in_quotes(fmt::format("{}[{}]{}", each.flag, each.text,
                                           each.type.empty() ? "" : ":" + each.type + ":"));
      }
    }
    if (!command.commands.empty()) {
      all += " " + in_quotes(fmt::format("1:command:({})", words(names_of(command.commands)))) +
             " '2:file:_files'";
    }
    all += " ;;\n";
  }
  return all + "      esac ;;\n  esac\n}\n_calico_azure_agent \"$@\"\n";
}

std::string fish_completion() {
  const auto program = command_tree();
  std::string all =
      fmt::format("# fish completion of {0}(8); made from its command line\ncomplete -c {0} -f\n", kProgram);
  const auto add = [&all](const std::string& condition, const std::string& what, const std::string& text) {
    all += fmt::format("complete -c {}{} {}{}\n", kProgram,
                       condition.empty() ? "" : " -n " + in_quotes(condition), what,
                       text.empty() ? "" : " -d " + in_quotes(text));
  };
  add("", "-l config -r -F", "configuration file");
  add("", "-l set -x -a " + in_quotes(settings()), "override one key");
  for (const auto& each : program.commands) add("__fish_use_subcommand", "-a " + each.name, each.text);
  for (const auto& command : program.commands) {
    const auto here = "__fish_seen_subcommand_from " + command.name;
    for (const auto& each : command.options) {
      if (each.flag.empty() || each.flag == "--help") continue;
      add(here, fmt::format("-l {}{}", each.flag.substr(2), each.type.empty() ? "" : " -x"), each.text);
    }
    for (const auto& each : command.commands) add(here, "-a " + each.name, each.text);
    for (const auto& each : command.commands) {
      if (takes_a_file(each)) add("__fish_seen_subcommand_from " + each.name, "-F", "");
    }
  }
  return all;
}

}  // namespace agent::manual
