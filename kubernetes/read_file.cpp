#include "kubernetes/read_file.h"

#include <fmt/format.h>

#include "files/read.h"
#include "host/files.h"

namespace kubernetes {

net::Result<std::string> read_file(const std::filesystem::path& path, FilesOf whose) {
  constexpr std::size_t kLargestFile = std::size_t{1} << 20;
  if (whose == FilesOf::anybody) return files::read(path, kLargestFile);
  const auto file = host::open_roots_file(path);
  if (!file) return net::pass_on(file);
  auto contents = files::read_rest(*file, kLargestFile);
  if (!contents) contents.error().what = fmt::format("{} {}", path.string(), contents.error().what);
  return contents;
}

}  // namespace kubernetes
