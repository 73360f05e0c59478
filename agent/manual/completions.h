#pragma once

#include <string>

namespace agent::manual {

/// What a shell needs to complete the program's commands, options, keys and files.
std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

}  // namespace agent::manual
