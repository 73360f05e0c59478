#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "observed/cni.h"

namespace cni {

/// What a runtime runs for a pod, each once: the winner's plug-ins, and those of the network that a meta
/// plug-in hands pods to.
std::vector<std::string> programs_of_pods(const observed::CniConfiguration& configuration);

struct MissingPrograms {
  std::vector<std::string> sentences;  ///< "/opt/cni/bin/flannel is not there"
  std::string unknown;                 ///< why some could not be looked at; empty: all were
};

/// The programs that no folder has as an executable file; sentences name the first folder. Links are
/// followed.
MissingPrograms find_missing_programs(std::span<const std::string> programs,
                                      std::span<const std::filesystem::path> folders);

}  // namespace cni
