#include <fmt/format.h>

#include <string>

#include "agent/manual/completions.h"
#include "agent/manual/shell_words.h"

namespace agent::manual {
namespace {

constexpr auto kAt = R"(# fish completion for calico-azure-agent(8), made from its command line
function __calico_azure_agent_at --argument-names wanted
    set -l path
    set -l value no
    for word in (commandline -opc)[2..]
        if test $value = yes
            set value no
            continue
        end
        switch $word
            case {}
                set value yes
            case '-*'
            case '*'
                if contains -- "$path:$word" {}
                    set path (string trim -- "$path $word")
                end
        end
    end
    test "$path" = "$wanted"
end
complete -c calico-azure-agent -f
)";

class Script {
 public:
  explicit Script(std::string begin) : text_(std::move(begin)) {}

  /// `what` is completed at that command alone; everywhere without one.
  void complete(const CommandPlace* at, const std::string& what, const std::string& text) {
    text_ += "complete -c calico-azure-agent";
    if (at != nullptr) text_ += " -n " + in_quotes(fmt::format("__calico_azure_agent_at \"{}\"", at->path));
    text_ += " " + what;
    if (!text.empty()) text_ += " -d " + in_quotes(text);
    text_ += '\n';
  }

  void complete(const CommandPlace* at, const Command::Option& option) {
    std::string what;
    for (const auto& flag : option.flags) {
      const bool is_word = flag.starts_with("--");
      what += fmt::format("{}{} {}", what.empty() ? "" : " ", is_word ? "-l" : "-s",
                          flag.substr(is_word ? 2 : 1));
    }
    switch (completion_of(option)) {
      case Completion::files:
        what += " -r -F";
        break;
      case Completion::settings:
        what += " -x -a " + in_quotes(joined(settings()));
        break;
      case Completion::nothing:
        if (!option.type.empty()) what += " -x";
        break;
    }
    complete(at, what, option.text);
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::vector<std::string> quoted(std::vector<std::string> words) {
  for (auto& each : words) each = in_quotes(each);
  return words;
}

}  // namespace

std::string fish_completion() {
  Script script(fmt::format(kAt, joined(flags_with_a_value()), joined(quoted(steps()))));
  for (const auto& place : every_place()) {
    for (const auto& each : place.command.commands) script.complete(&place, "-a " + each.name, each.text);
    const bool everywhere = place.path.empty();
    for (const auto& each : everywhere ? options_of(place.command) : own_options(place)) {
      script.complete(everywhere ? nullptr : &place, each);
    }
    for (const auto& each : arguments_of(place.command)) {
      if (completion_of(each) == Completion::files) script.complete(&place, "-F", "");
    }
  }
  return script.text();
}

}  // namespace agent::manual
