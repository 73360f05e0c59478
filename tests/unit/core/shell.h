#pragma once

#include <cstdlib>
#include <string>

namespace agent::testing {

/// True for what a POSIX shell can read and whose first word it would find a program for, or a comment.
/// Nothing is run.
inline bool is_shell(const std::string& text) {
  const auto word = text.substr(0, text.find(' '));
  for (const char* program : {"#",
                              "apt-get",
                              "az",
                              "calico-azure-agent",
                              "curl",
                              "dhclient",
                              "echo",
                              "fuser",
                              "ip",
                              "ip6tables-legacy",
                              "ip6tables-legacy-save",
                              "ip6tables-nft",
                              "ip6tables-nft-save",
                              "iptables-legacy",
                              "iptables-legacy-save",
                              "iptables-nft",
                              "journalctl",
                              "kubectl",
                              "mkdir",
                              "mv",
                              "networkctl",
                              "nft",
                              "printf",
                              "sed",
                              "sysctl",
                              "systemctl"}) {
    if (word != program) continue;
    setenv("REMEDY", text.c_str(), 1);
    return std::system("printf '%s\\n' \"$REMEDY\" | sh -n") == 0;
  }
  return false;
}

}  // namespace agent::testing
