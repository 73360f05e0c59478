#include "agent/daemon/background_file.h"

#include <system_error>
#include <utility>

#include "files/replace.h"

namespace agent {

BackgroundFile::BackgroundFile(std::filesystem::path file, std::function<void(const net::Error&)> failed)
    : file_(std::move(file)), failed_(std::move(failed)) {}

BackgroundFile::~BackgroundFile() {
  if (thread_.joinable()) thread_.join();
}

void BackgroundFile::write(std::string text) {
  {
    const net::Lock lock(mutex_);
    next_ = std::move(text);
    if (std::exchange(working_, true)) return;
  }
  if (thread_.joinable()) thread_.join();  // it has ended, but for its last instructions
  try {
    thread_ = std::thread([this] { work(); });
  } catch (const std::system_error&) {  // no thread to be had
    work();
  }
}

void BackgroundFile::work() {
  const net::Lock lock(mutex_);
  while (next_) {
    const auto text = *std::exchange(next_, std::nullopt);
    const net::Unlock open(mutex_);
    replace(text);
  }
  working_ = false;
}

void BackgroundFile::replace(const std::string& text) {
  const auto replaced = files::replace(file_, text, files::Readers::owner);
  if (!replaced) failed_(replaced.error());
}

}  // namespace agent
