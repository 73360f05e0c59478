#include <fmt/format.h>

#include <string>

#include "agent/manual/completions.h"
#include "agent/manual/shell_words.h"

namespace agent::manual {
namespace {

constexpr auto kWords = R"(# bash completion for calico-azure-agent(8), made from its command line
_calico_azure_agent() {
  local -a words=()
  local i each word='' glue='' option='' path='' names='' flags='' files=''
  # Readline takes --set mode=udr apart at the = and an IPv6 address at each colon.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ ${#words[@]} -gt 0 && -n $word && (-n $glue || $word == [=:]*) ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    [[ $word == *[=:] ]] && glue=yes || glue=''
  done
  word=${words[-1]}
)";

constexpr auto kPath = R"(  for each in "${{words[@]::${{#words[@]}}-1}}"; do
    if [[ -n $option ]]; then
      option=''
      continue
    fi
    case $each in
      {}) option=$each ;;
      -*) ;;
      *)
        case $path:$each in
          {}) path+=${{path:+ }}$each ;;
        esac
        ;;
    esac
  done
  if [[ -z $option && $word == --*=* ]]; then
    option=${{word%%=*}}
    word=${{word#*=}}
  fi
)";

constexpr auto kValues = R"(  COMPREPLY=()
  case $option in
    '') ;;
    {})
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    {})
      compopt -o nospace
      mapfile -t COMPREPLY < <(compgen -W {} -- "$word")
      return
      ;;
    *) return ;;
  esac
)";

constexpr auto kReply = R"(  if [[ $word == -* ]]; then
    names=$flags
  elif [[ -n $files ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word")
}
complete -F _calico_azure_agent calico-azure-agent
)";

std::string pattern(const std::vector<std::string>& words) { return joined(words, " | "); }

std::string choices() {
  std::string all = "  case $path in\n";
  for (const auto& place : every_place()) {
    const auto names = joined(names_of(place.command));
    const auto flags = joined(flags_of(options_at(place)));
    const auto arguments = arguments_of(place.command);
    const bool has_file = !arguments.empty() && completion_of(arguments.front()) == Completion::files;
    all += fmt::format("    {}) names={} flags={}{} ;;\n", in_quotes(place.path),
                       in_quotes(names.empty() && arguments.empty() ? flags : names), in_quotes(flags),
                       has_file ? " files=yes" : "");
  }
  return all + "  esac\n";
}

}  // namespace

std::string bash_completion() {
  std::string all = kWords;
  all += fmt::format(kPath, pattern(flags_with_a_value()), pattern(steps()));
  all += fmt::format(kValues, pattern(flags_with(Completion::files)),
                     pattern(flags_with(Completion::settings)), in_quotes(joined(settings())));
  return all + choices() + kReply;
}

}  // namespace agent::manual
