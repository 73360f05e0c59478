#pragma once

#include <filesystem>
#include <string_view>

#include "kubernetes/read_file.h"
#include "net/error.h"
#include "observed/cloud_config.h"

namespace kubernetes {

/// The keys of net::CloudConfig out of azure.json's text, JSON or YAML, each value a net::foreign_text();
/// values that are no strings, and other keys, are left alone. EBADMSG with line and column for what is
/// neither, and for an identity that cannot be one; the text is never quoted: it holds secrets.
net::Result<observed::CloudConfig> parse_cloud_config(std::string_view text);

/// Reads it from a file of at most 1 MiB. ENOENT, EACCES and the like name the path.
net::Result<observed::CloudConfig> read_cloud_config(const std::filesystem::path& file,
                                                     FilesOf whose = FilesOf::anybody);

}  // namespace kubernetes
