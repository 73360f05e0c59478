#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "net/descriptor.h"
#include "net/error.h"

namespace cni {

/// A folder whose entries are opened relative to it. Errors are the kernel's
/// errno and a predicate of what was asked for: "is not there", "cannot be read: Permission denied; run …".
class Folder {
 public:
  static constexpr std::size_t kLargestFile = std::size_t{1} << 20;
  /// A host-local network of a /16 full of pods has 65,535.
  static constexpr std::size_t kMostEntries = 100'000;

  /// Links on the way are followed: /var/run is one.
  static net::Result<Folder> open(const std::filesystem::path& path);

  /// A folder in this one, itself no link.
  [[nodiscard]] net::Result<Folder> folder(const std::string& name) const;

  /// Its entries but . and .., in bytewise order. EFBIG beyond kMostEntries.
  [[nodiscard]] net::Result<std::vector<std::string>> names() const;

  /// All of a regular file of at most kLargestFile, without ever waiting. EISDIR for a folder, EINVAL for
  /// what else is no file, EFBIG. A link is followed: within this folder, as those of a Kubernetes volume
  /// are, to any regular file, and out of it to one of root's. ENOLINK when it leads nowhere in this folder,
  /// EXDEV when it leads out to what is not followed or not there (a container is not shown all).
  [[nodiscard]] net::Result<std::string> read(const std::string& name) const;

 private:
  explicit Folder(net::Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  net::Descriptor descriptor_;
};

/// A file by its path: Folder::read() of the folder that it is in.
net::Result<std::string> read_file(const std::filesystem::path& path);

/// The predicate for an errno of reading files; names what to do about EACCES.
tl::unexpected<net::Error> unreadable(int error);

}  // namespace cni
