#include "agent/daemon/background_file.h"

#include <utility>

#include "files/replace.h"

namespace agent {

BackgroundFile::BackgroundFile(std::filesystem::path file, std::function<void(const net::Error&)> failed)
    : work_([file = std::move(file), failed = std::move(failed)](const std::optional<std::string>& text) {
        const auto replaced = files::replace(file, *text, files::Readers::owner);
        if (!replaced) failed(replaced.error());
      }) {}

void BackgroundFile::write(std::string text) {
  work_.gather([&text](std::optional<std::string>& waiting) { waiting = std::move(text); });
  work_.begin();
}

}  // namespace agent
