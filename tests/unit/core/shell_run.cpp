#include "tests/unit/core/shell_run.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "remedy/remedy.h"
#include "tests/support/folder.h"

namespace agent::testing {
namespace {

namespace fs = std::filesystem;

/// What remedies may call. Nothing here takes anything away; whatever else does so by an argument, see
/// takes_away() in remedies_test.cpp.
constexpr std::array<std::string_view, 25> kPrograms = {"apt-get",
                                                        "az",
                                                        "calico-azure-agent",
                                                        "curl",
                                                        "dhclient",
                                                        "ethtool",
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
                                                        "sed",
                                                        "sysctl",
                                                        "systemctl",
                                                        "udevadm"};

void write(const fs::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out) throw std::runtime_error("cannot write " + file.string());
}

/// A stand-in writes its name and its arguments, each with a NUL behind it, and an empty word at the end.
void make_programs(const fs::path& folder) {
  fs::create_directories(folder);
  for (const auto program : kPrograms) {
    const auto file = folder / program;
    write(file,
          fmt::format(
              "#!/bin/sh\n{{ printf '%s\\000' {} \"$@\"; printf 'end of words\\000'; }} >>\"$RECORD\"\n",
              program));
    fs::permissions(file, fs::perms::owner_all);
  }
}

/// Where the line would write below /etc, it writes below the folder instead, which has to be there.
std::string rehoused(std::string line, const fs::path& folder) {
  constexpr std::string_view kEtc = "/etc/";
  for (auto at = line.find(kEtc); at != std::string::npos; at = line.find(kEtc, at)) {
    const auto end = line.find_first_of(" '\"", at);
    const auto path = line.substr(at, end == std::string::npos ? end : end - at);
    if (path.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./@") ==
        std::string::npos)
      fs::create_directories((folder.string() + path).substr(0, (folder.string() + path).rfind('/')));
    line.insert(at, folder.string());
    at += folder.string().size() + kEtc.size();
  }
  return line;
}

std::vector<Argv> recorded(const std::string& record) {
  std::vector<Argv> ran;
  Argv words;
  for (std::size_t at = 0; at < record.size();) {
    const auto end = record.find('\0', at);
    auto word = record.substr(at, end - at);
    at = end == std::string::npos ? record.size() : end + 1;
    if (word == "end of words") {
      ran.push_back(std::move(words));
      words.clear();
    } else {
      words.push_back(std::move(word));
    }
  }
  return ran;
}

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto name = fs::relative(entry.path(), folder).string();
    if (!name.starts_with("etc")) names.push_back(name);
  }
  return names;
}

}  // namespace

std::vector<ShellRun> paste(const std::vector<std::string>& lines) {
  static const test_support::Folder stand_ins;
  const auto programs = stand_ins.path() / "programs";
  if (!fs::exists(programs)) make_programs(programs);
  const test_support::Folder folder;
  std::string script = "PATH=" + programs.string() + "\nexport PATH RECORD\n";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto home = folder.path() / std::to_string(i);
    const auto work = home / "work";
    fs::create_directories(work);
    write(home / "line", rehoused(lines[i], work) + '\n');
    script += fmt::format(
        "RECORD={0}/record\n(cd {0}/work && . {0}/line) >{0}/output 2>{0}/complaints </dev/null\n",
        home.string());
  }
  write(folder.path() / "all", script);
  const auto all = "/bin/sh " + (folder.path() / "all").string();
  if (std::system(all.c_str()) < 0) throw std::runtime_error("no shell");
  std::vector<ShellRun> runs;
  runs.reserve(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto home = folder.path() / std::to_string(i);
    runs.push_back({.ran = recorded(test_support::contents(home / "record")),
                    .complaints = test_support::contents(home / "complaints"),
                    .files = files_in(home / "work")});
  }
  return runs;
}

}  // namespace agent::testing
