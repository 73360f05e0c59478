#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/folder.h"

/// The root of a machine's files, gone with the test.
class Machine {
 public:
  [[nodiscard]] const std::filesystem::path& root() const { return root_.path(); }

  void write(const std::string& path, const std::string& text) const { root_.write(path, text); }
  void link(const std::string& path, const std::string& target) const {
    std::filesystem::create_symlink(target, made(path));
  }

 private:
  [[nodiscard]] std::filesystem::path made(const std::string& path) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    return root_ / path;
  }

  test_support::Folder root_;
};
