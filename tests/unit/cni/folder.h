#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "cni/read_files.h"
#include "tests/support/folder.h"

/// A node's files in a folder of this test's own, gone with it.
class NodeFiles {
 public:
  NodeFiles() {
    ::umask(022);  // a node's files can be read, whatever who runs the tests has for his own
  }

  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return root_ / name; }
  [[nodiscard]] cni::Paths paths() const {
    return {.configuration = root_ / "etc/cni/net.d",
            .programs = {root_ / "opt/cni/bin", root_ / "usr/libexec/cni"},
            .runtimes = root_,
            .host_local = root_ / "var/lib/cni/networks",
            .flannel_lease = root_ / "run/flannel/subnet.env",
            .azure_state = root_ / "run",
            .calico_node_name = root_ / "var/lib/calico/nodename"};
  }

  std::filesystem::path write(const std::string& name, const std::string& text = {}) const {
    return root_.write(name, text);
  }
  void link(const std::string& name, const std::filesystem::path& target) const {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::filesystem::create_symlink(target, root_ / name);
  }
  void program(const std::string& name, mode_t mode = 0755) const {
    ::chmod(write("opt/cni/bin/" + name, "#!/bin/true\n").c_str(), mode);
  }

 private:
  test_support::Folder root_;
};

/// A file that the fuzz target is fed with, too.
inline std::string corpus(const std::string& name) {
  const auto path = std::filesystem::path(CAA_TEST_DATA).parent_path() / "corpus/cni_configuration" / name;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}
