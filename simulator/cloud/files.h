#pragma once

#include <string>
#include <vector>

#include "net/error.h"
#include "simulator/cloud/cloud.h"

namespace simulator::cloud {

/// The cloud's options as the program takes them.
struct Files {
  std::string listen;
  std::string certificate;
  std::string key;
  std::string client_ca;  ///< empty = none
  std::vector<std::string> tokens;
};

/// Reads them; errors name the file.
net::Result<Options> read_files(const Files& files);

}  // namespace simulator::cloud
