#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace cni {

using Folders = std::vector<std::filesystem::path>;

/// Where the container runtime of this machine is told to look for plug-ins: containerd by
/// /etc/containerd/config.toml, CRI-O by /etc/crio/crio.conf and crio.conf.d below `root`. nullopt where that
/// cannot be told: no such file, it cannot be read or says nothing of it, it imports others, or both may run.
/// https://github.com/containerd/containerd/blob/main/docs/cri/config.md
/// https://github.com/cri-o/cri-o/blob/main/docs/crio.conf.5.md
std::optional<Folders> runtimes_program_folders(const std::filesystem::path& root);

/// `bin_dirs` or `bin_dir` of containerd's configuration, in its versions 1 to 3.
std::optional<Folders> containerds_program_folders(std::string_view toml);

/// `plugin_dirs`, and `plugin_dir` behind it, of one of CRI-O's files.
std::optional<Folders> crios_program_folders(std::string_view toml);

}  // namespace cni
