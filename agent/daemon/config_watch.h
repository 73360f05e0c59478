#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>

#include "files/watch.h"
#include "net/error.h"

namespace agent {

/// Calls when the configuration file has other contents than were looked at last, on the daemon's loop. Only
/// a node that has never been ready is so watched: its service still starts, and `systemctl reload` waits for
/// that start.
class ConfigWatch {
 public:
  /// `gone` is called once when there is no file any more.
  ConfigWatch(boost::asio::io_context& io, std::function<void()> changed, std::function<void()> gone);

  /// `seen` are the contents that were read last, as LoadedConfig has them.
  net::Result<void> begin(const std::filesystem::path& file, std::optional<std::size_t> seen);
  void end();
  [[nodiscard]] bool is_on() const { return watch_.has_value(); }

  /// Somebody is about to read the file: only other contents are a change from now on. True: they are others
  /// than last time. A file that is away is none: it is no configuration.
  bool look();

 private:
  void await();
  void on_event();
  void judge();

  std::function<void()> changed_;
  std::function<void()> gone_;
  std::filesystem::path file_;
  std::optional<files::Watch> watch_;
  boost::asio::posix::stream_descriptor readable_;  ///< a descriptor of its own, for each closes its one
  boost::asio::steady_timer quiet_;
  bool is_armed_ = false;
  std::optional<std::size_t> seen_;
};

}  // namespace agent
