#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "observed/cni.h"

namespace cni {

/// What a runtime runs for a pod, each once: the winner's plug-ins, and those of the network that a meta
/// plug-in hands pods to.
std::vector<std::string> programs_of_pods(const observed::CniConfiguration& configuration);

struct MissingPrograms {
  std::vector<std::string> sentences;  ///< "/opt/cni/bin/flannel is not there"
  std::string unknown;                 ///< why some could not be read; empty: all were
};

/// The programs that no folder has as an executable file; sentences name the first folder. Links are
/// followed.
MissingPrograms find_missing_programs(std::span<const std::string> programs,
                                      std::span<const std::filesystem::path> folders);

using Folders = std::vector<std::filesystem::path>;

/// Where the container runtime of this machine is configured to look for plug-ins: containerd by
/// /etc/containerd/config.toml, CRI-O by /etc/crio/crio.conf and crio.conf.d below `root`. nullopt where that
/// is unknown: no such file, it cannot be read or does not set it, it imports others, or both may run.
/// https://github.com/containerd/containerd/blob/main/docs/cri/config.md
/// https://github.com/cri-o/cri-o/blob/main/docs/crio.conf.5.md
std::optional<Folders> runtimes_program_folders(const std::filesystem::path& root);

/// `bin_dirs` or `bin_dir` of containerd's configuration, in its versions 1 to 3.
std::optional<Folders> containerds_program_folders(std::string_view toml);

/// `plugin_dirs`, and `plugin_dir` behind it, of one of CRI-O's files.
std::optional<Folders> crios_program_folders(std::string_view toml);

}  // namespace cni
