#include "cni/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "files/read.h"

namespace cni {
namespace {

/// A FIFO in a file's place would be waited for without O_NONBLOCK.
constexpr int kFileFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr int kFolderFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

/// What a link leads to wherever that is: a regular file of root's, who decides what is in these folders. It
/// is looked at before it is opened, for to open a device is to do something to it.
net::Result<net::Descriptor> open_roots_file(int folder, const char* name) {
  constexpr auto kOut = "is a link out of its folder";
  const net::Descriptor found(::openat(folder, name, O_PATH | O_CLOEXEC));
  if (!found && errno == ENOENT)
    return net::failure(EXDEV, fmt::format("{}, to what is not there or not shown to us", kOut));
  struct stat status {};
  if (!found || ::fstat(found.get(), &status) != 0) return unreadable(errno);
  if (!S_ISREG(status.st_mode)) return net::failure(EINVAL, "is no regular file");
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return net::failure(EXDEV, fmt::format("{}, to a file of user {}'s, not root's: it is not followed", kOut,
                                           status.st_uid));
  }
  net::Descriptor file(
      ::open(fmt::format("/proc/self/fd/{}", found.get()).c_str(), kFileFlags & ~O_NOFOLLOW));
  if (!file) return unreadable(errno);
  return file;
}

net::Result<net::Descriptor> open_link(int folder, const char* name) {
  open_how how{};
  how.flags = kFileFlags & ~O_NOFOLLOW;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  net::Descriptor file(static_cast<int>(::syscall(SYS_openat2, folder, name, &how, sizeof(how))));
  if (file) return file;
  switch (errno) {
    case ENOENT:
      return net::failure(ENOLINK, "is a link that leads nowhere");
    case EXDEV:
    case ENOSYS:  // before Linux 5.6
    case EPERM:   // what a seccomp filter that does not know the call answers
      return open_roots_file(folder, name);
    default:
      return unreadable(errno);
  }
}

net::Result<net::Descriptor> open_file(int folder, const char* name) {
  net::Descriptor file(::openat(folder, name, kFileFlags));
  if (file) return file;
  return errno == ELOOP ? open_link(folder, name) : unreadable(errno);
}

}  // namespace

tl::unexpected<net::Error> unreadable(int error) {
  if (error == ENOENT) return net::failure(error, "is not there");
  auto why = fmt::format("cannot be read: {}", std::system_category().message(error));
  if (error == EACCES || error == EPERM) why += "; run the agent as root and with CAP_DAC_READ_SEARCH";
  return net::failure(error, std::move(why));
}

net::Result<Folder> Folder::open(const std::filesystem::path& path) {
  net::Descriptor descriptor(::open(path.c_str(), kFolderFlags));
  if (!descriptor) return unreadable(errno);
  return Folder(std::move(descriptor));
}

net::Result<Folder> Folder::folder(const std::string& name) const {
  net::Descriptor descriptor(::openat(descriptor_.get(), name.c_str(), kFolderFlags | O_NOFOLLOW));
  if (!descriptor) return unreadable(errno);
  return Folder(std::move(descriptor));
}

net::Result<std::vector<std::string>> Folder::names() const {
  net::Descriptor listed(::openat(descriptor_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!listed) return unreadable(errno);
  const std::unique_ptr<DIR, CloseFolder> entries(::fdopendir(listed.get()));
  if (!entries) return unreadable(errno);
  static_cast<void>(listed.release());  // closed with `entries`
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr && errno != 0) return unreadable(errno);
    if (entry == nullptr) break;
    std::string name = static_cast<const char*>(entry->d_name);
    if (name == "." || name == "..") continue;
    if (names.size() == kMostEntries) {
      return net::failure(EFBIG, fmt::format("holds more than {} entries", kMostEntries));
    }
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

net::Result<std::string> Folder::read(const std::string& name) const {
  const auto file = open_file(descriptor_.get(), name.c_str());
  if (!file) return net::pass_on(file);
  struct stat status {};
  if (::fstat(file->get(), &status) != 0) return unreadable(errno);
  if (S_ISDIR(status.st_mode)) return net::failure(EISDIR, "is a folder");
  if (!S_ISREG(status.st_mode)) return net::failure(EINVAL, "is no regular file");
  return files::read_rest(*file, kLargestFile);
}

net::Result<std::string> read_file(const std::filesystem::path& path) {
  const auto folder = Folder::open(path.parent_path());
  if (!folder) return net::pass_on(folder);
  return folder->read(path.filename().string());
}

}  // namespace cni
