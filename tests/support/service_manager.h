#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/folder.h"

namespace test_support {

/// The service manager's end: a datagram socket that NOTIFY_SOCKET names. It watches nobody.
class ServiceManager {
 public:
  ServiceManager() : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const auto path = (folder_ / "socket").string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1);
    if (bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
      throw std::runtime_error("no socket " + path);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
  }
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager() {
    close(socket_);
    unsetenv("NOTIFY_SOCKET");
  }

  /// Its socket's name is gone.
  void go_away() const { std::filesystem::remove(folder_ / "socket"); }
  /// The next datagram; "" when there is none.
  [[nodiscard]] std::string received() const {
    std::array<char, 4096> buffer{};
    const auto count = recv(socket_, buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }
  [[nodiscard]] std::vector<std::string> all_received() const {
    std::vector<std::string> all;
    for (auto each = received(); !each.empty(); each = received()) all.push_back(each);
    return all;
  }

 private:
  Folder folder_;
  int socket_;
};

}  // namespace test_support
