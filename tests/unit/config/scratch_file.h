#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/load_config.h"
#include "tests/support/folder.h"

/// What readiness may name in these tests.
inline constexpr std::array<std::string_view, 3> kTestCheckIds = {"nic.found", "sysctl.ip_forward",
                                                                  "sysctl.rp_filter"};

/// A configuration file in a folder of its own, both gone afterwards.
class ScratchFile {
 public:
  explicit ScratchFile(std::string_view contents = {}) { write(contents); }

  void write(std::string_view contents) const { folder_.write("config.toml", contents); }
  [[nodiscard]] std::filesystem::path folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "config.toml"; }
  /// "config.toml:1:2: …" for an error in this file.
  [[nodiscard]] std::string shortened(std::string text) const {
    const auto prefix = folder_.path().string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }

 private:
  test_support::Folder folder_;
};

/// The texts of all errors, with the scratch file's name alone.
inline std::vector<std::string> errors_of(const agent::ConfigSources& sources, const ScratchFile& file) {
  const auto loaded = agent::load_config(sources, kTestCheckIds);
  std::vector<std::string> texts;
  if (loaded) return texts;
  for (const auto& error : loaded.error()) texts.push_back(file.shortened(error.text()));
  return texts;
}

/// The same for a file alone.
inline std::vector<std::string> errors_of(std::string_view toml) {
  const ScratchFile file(toml);
  return errors_of({.file = file.path(), .file_required = true, .environment = {}, .settings = {}}, file);
}
