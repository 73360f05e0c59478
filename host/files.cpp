#include "host/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <map>
#include <string>
#include <system_error>

#include "files/read.h"

namespace host {

namespace fs = std::filesystem;

net::Result<std::string> read_text(const fs::path& file) {
  constexpr std::size_t kLimit = std::size_t{1} << 20;
  return files::read(file, kLimit);
}

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

namespace {

constexpr int kMostLinks = 40;  // as path_resolution(7) has it
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

/// The way to one file, a step after the other.
class Walk {
 public:
  explicit Walk(const std::filesystem::path& path) : path_(path) { follow(path); }

  net::Result<net::Descriptor> to_the_file() {
    if (!path_.is_absolute()) return fail(EINVAL, "is no absolute path");
    if (auto begun = enter(net::Descriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)), "/"); !begun)
      return net::pass_on(begun);
    while (!names_.empty()) {
      const auto name = names_.front();
      names_.pop_front();
      struct stat status {};
      net::Descriptor next(::openat(folder_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      if (!next || ::fstat(next.get(), &status) != 0) return unreadable(errno);
      if (S_ISLNK(status.st_mode)) {
        if (auto led = take_link(next, status, name); !led) return net::pass_on(led);
      } else if (S_ISDIR(status.st_mode)) {
        if (auto entered = enter(std::move(next), name); !entered) return net::pass_on(entered);
      } else {
        return names_.empty() ? open(name) : unreadable(ENOTDIR);
      }
    }
    return unreadable(EISDIR);
  }

 private:
  [[nodiscard]] tl::unexpected<net::Error> fail(int code, std::string_view why) const {
    return net::failure(code, fmt::format("{} {}", path_.string(), why));
  }
  [[nodiscard]] tl::unexpected<net::Error> unreadable(int code) const {
    return fail(code, fmt::format("cannot be read: {}", std::system_category().message(code)));
  }

  /// Nullopt where it is root's alone.
  [[nodiscard]] net::Result<void> judge(const struct stat& status, std::string_view name) const {
    if (status.st_uid != 0) {
      return fail(EACCES, fmt::format("is not read for the agent: '{}' on the way to it belongs to user {}, "
                                      "not to root",
                                      name, status.st_uid));
    }
    // A link's own mode means nothing.
    if (!S_ISLNK(status.st_mode) && (status.st_mode & kOthersWrite) != 0) {
      return fail(EACCES, fmt::format("is not read for the agent: others than root may write '{}' on the way "
                                      "to it (mode {:o})",
                                      name, status.st_mode & 07777));
    }
    return {};
  }

  /// The target of a link comes before the rest of the path.
  void follow(const std::filesystem::path& path) {
    std::deque<std::string> names;
    for (const auto& part : path.relative_path()) {
      if (!part.empty() && part != ".") names.push_back(part.string());
    }
    names_.insert(names_.begin(), names.begin(), names.end());
  }

  net::Result<void> enter(net::Descriptor folder, std::string_view name) {
    struct stat status {};
    if (!folder || ::fstat(folder.get(), &status) != 0) return unreadable(errno);
    if (auto judged = judge(status, name); !judged) return judged;
    folder_ = std::move(folder);
    return {};
  }

  net::Result<void> take_link(const net::Descriptor& link, const struct stat& status, std::string_view name) {
    if (auto judged = judge(status, name); !judged) return judged;
    if (++links_ > kMostLinks) return unreadable(ELOOP);
    std::array<char, PATH_MAX> target{};
    const auto size = ::readlinkat(link.get(), "", target.data(), target.size());
    if (size < 0) return unreadable(errno);
    const std::filesystem::path to(std::string(target.data(), static_cast<std::size_t>(size)));
    follow(to);
    if (!to.is_absolute()) return {};
    return enter(net::Descriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)), "/");
  }

  net::Result<net::Descriptor> open(const std::string& name) {
    // A FIFO in its place would be waited for.
    net::Descriptor file(
        ::openat(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) return unreadable(errno);
    if (!S_ISREG(status.st_mode)) return fail(EACCES, "is no regular file");
    if (auto judged = judge(status, name); !judged) return net::pass_on(judged);
    return file;
  }

  const std::filesystem::path& path_;
  std::deque<std::string> names_;
  net::Descriptor folder_;
  int links_ = 0;
};

}  // namespace

net::Result<net::Descriptor> open_roots_file(const std::filesystem::path& path) {
  return Walk(path).to_the_file();
}

}  // namespace host
