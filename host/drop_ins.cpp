#include "host/drop_ins.h"

#include <map>
#include <string>
#include <system_error>

namespace host {

namespace fs = std::filesystem;

std::vector<fs::path> drop_ins(std::span<const fs::path> folders, std::string_view suffix) {
  std::map<std::string, fs::path> by_name;
  for (const auto& folder : folders) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      const auto name = entry->path().filename().string();
      if (name.ends_with(suffix)) by_name.emplace(name, entry->path());
    }
  }
  std::vector<fs::path> files;
  for (const auto& [name, path] : by_name) {
    std::error_code error;
    if (fs::is_regular_file(path, error) && fs::file_size(path, error) > 0) files.push_back(path);
  }
  return files;
}

std::vector<fs::path> system_folders(const fs::path& root, std::string_view folder) {
  return {root / "etc" / folder, root / "run" / folder, root / "usr/local/lib" / folder,
          root / "usr/lib" / folder};
}

}  // namespace host
