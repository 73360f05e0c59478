#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "net/cni.h"

namespace cni {

struct MissingPrograms {
  std::vector<std::string> sentences;  ///< "/opt/cni/bin/flannel is not there"
  std::string unknown;                 ///< why some could not be looked at; empty: all were
};

/// What the network's plug-ins run and the folder does not have as an executable file. Links are followed.
MissingPrograms find_missing_programs(const net::CniFile& file, const std::filesystem::path& folder);

}  // namespace cni
