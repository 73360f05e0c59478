#include "agent/daemon/config_watch.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "agent/config/load_config.h"
#include "agent/config/read_file.h"

namespace agent {
namespace {

// What an editor does to save a file, with its copies and renames, is over by then.
constexpr auto kQuiet = std::chrono::milliseconds(200);

/// nullopt: there is no file.
std::optional<std::size_t> fingerprint(const std::filesystem::path& file) {
  const auto contents = read_file(file, kLargestConfigFile, Kinds::regular);
  if (contents) return contents_hash(*contents);
  const int error = contents.error().code.value();
  if (error == ENOENT || error == ENOTDIR) return std::nullopt;
  return static_cast<std::size_t>(error);  // cannot be read: that is news, too
}

}  // namespace

ConfigWatch::ConfigWatch(boost::asio::io_context& io, std::function<void()> changed,
                         std::function<void()> gone)
    : changed_(std::move(changed)), gone_(std::move(gone)), readable_(io), quiet_(io) {}

net::Result<void> ConfigWatch::begin(const std::filesystem::path& file, std::optional<std::size_t> seen) {
  auto watch = files::Watch::open(file);
  if (!watch) return net::pass_on(watch);
  file_ = file;
  seen_ = seen;
  watch_ = std::move(*watch);
  readable_.assign(::fcntl(watch_->descriptor(), F_DUPFD_CLOEXEC, 0));
  await();
  return {};
}

void ConfigWatch::end() {
  boost::system::error_code ignored;
  readable_.close(ignored);
  quiet_.cancel();
  watch_.reset();
}

bool ConfigWatch::look() {
  if (!is_on()) return false;
  const auto now = fingerprint(file_);
  if (!now || now == seen_) return false;
  seen_ = now;
  return true;
}

void ConfigWatch::await() {
  readable_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (!error && is_on()) on_event();
                       });
}

void ConfigWatch::on_event() {
  // An error to attach again (no watches left, say): what is there now is looked at, the next event tries it.
  if (watch_->drain().value_or(true) && !std::exchange(is_armed_, true)) {
    quiet_.expires_after(kQuiet);
    quiet_.async_wait([this](const boost::system::error_code& error) {
      is_armed_ = false;
      if (!error) judge();
    });
  }
  await();
}

/// An editor moves the file for less than this pause: a file that is still missing was removed.
void ConfigWatch::judge() {
  if (look()) return changed_();
  if (!is_on() || !seen_ || fingerprint(file_)) return;
  seen_.reset();  // the same contents are news when they come back
  gone_();
}

}  // namespace agent
