#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

/// The root of a machine's files, gone with the test.
class Machine {
 public:
  Machine() {
    std::string pattern = (std::filesystem::temp_directory_path() / "machine-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~Machine() { std::filesystem::remove_all(root_); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

  void write(const std::string& path, const std::string& text) const {
    std::ofstream(made(path), std::ios::binary) << text;
  }
  void link(const std::string& path, const std::string& target) const {
    std::filesystem::create_symlink(target, made(path));
  }

 private:
  [[nodiscard]] std::filesystem::path made(const std::string& path) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    return root_ / path;
  }

  std::filesystem::path root_;
};
