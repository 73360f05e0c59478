#pragma once

#include <string>

namespace agent::manual {

/// calico-azure-agent(8): from the command line as it is and the checks that there are.
std::string program_page();

/// calico-azure-agent.toml(5): from the table of keys.
std::string configuration_page();

}  // namespace agent::manual
