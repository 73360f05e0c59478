#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/command_tree.h"

namespace agent::manual {

using Options = std::vector<Command::Option>;

/// As one word in single quotes, for bash, zsh and fish alike; throws std::logic_error for a backslash, which
/// they read differently.
std::string in_quotes(std::string_view text);

std::string joined(const std::vector<std::string>& words, std::string_view separator = " ");

/// What the value of an option or argument is completed with.
enum class Completion : std::uint8_t { files, settings, nothing };
Completion completion_of(const Command::Option& option);

/// "mode=", "imds.endpoint=", ...: every key as --set takes it.
std::vector<std::string> settings();

/// The options of a command; its arguments, which have no flags.
Options options_of(const Command& command);
Options arguments_of(const Command& command);

/// "-h", "--help", "--json", ...
std::vector<std::string> flags_of(const Options& options);

/// Of the commands right below this one.
std::vector<std::string> names_of(const Command& command);

/// A command and the words that lead to it: "config check"; "" for the program itself.
struct CommandPlace {
  std::string path;
  Command command;
};

/// The program and everything below it, each before what is below.
std::vector<CommandPlace> every_place();

/// The command's own options, without those that the program has everywhere.
Options own_options(const CommandPlace& place);

/// What may stand at that place: its own options and the program's.
Options options_at(const CommandPlace& place);

/// ":run", ..., "config:check": each command behind the words that lead to it.
std::vector<std::string> steps();

/// The flags anywhere whose value is completed with that; with every value.
std::vector<std::string> flags_with(Completion completion);
std::vector<std::string> flags_with_a_value();

}  // namespace agent::manual
