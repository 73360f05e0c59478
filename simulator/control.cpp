#include "simulator/control.h"

#include <fmt/format.h>
#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "simulator/listener.h"

namespace simulator {
namespace {

using nlohmann::ordered_json;

constexpr auto kJson = "application/json";

}  // namespace

ControlHandler on_get(std::string path, std::string help, std::function<std::string()> make) {
  return {"GET", std::move(path), std::move(help),
          [make = std::move(make)](const std::string&) { return net::Result<std::string>(make()); }};
}

ControlHandler on_put(std::string path, std::string help,
                      std::function<net::Result<void>(const std::string&)> take) {
  return {"PUT", std::move(path), std::move(help), [take = std::move(take)](const std::string& body) {
            return take(body).map([] { return std::string(); });
          }};
}

ControlHandler on_delete(std::string path, std::string help, std::function<void()> act) {
  return {"DELETE", std::move(path), std::move(help), [act = std::move(act)](const std::string&) {
            act();
            return net::Result<std::string>();
          }};
}

class Control::Server {
 public:
  explicit Server(const std::vector<ControlHandler>& handlers) {
    for (const auto& handler : handlers) add(handler);
    http_.Get("/", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(help_, "text/plain");
    });
    http_.set_keep_alive_max_count(1);  // an idle connection would hold a thread, and the end, for 5 s
    // The library's own options let a second simulator take the port without an error (SO_REUSEPORT).
    http_.set_socket_options([](socket_t socket) {
      const int on = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
  }

  ~Server() {
    if (!thread_.joinable()) return;
    // stop() is lost on a server whose thread has not come to listening yet.
    while (!http_.is_running() && !ended_) std::this_thread::yield();
    http_.stop();
    thread_.join();
  }

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  net::Result<void> listen(const std::string& text) {
    const auto wanted = parse_listen_address(text);
    if (!wanted) return net::pass_on(wanted);
    const auto host = wanted->address.text();
    errno = 0;
    const int port = wanted->port == 0                        ? http_.bind_to_any_port(host)
                     : http_.bind_to_port(host, wanted->port) ? wanted->port
                                                              : -1;
    if (port < 0) {
      const int error = errno == 0 ? EADDRINUSE : errno;
      return net::failure(
          error, fmt::format("cannot listen on {}: {}", text, std::system_category().message(error)));
    }
    endpoint_ = fmt::format("http://{}:{}", host, port);
    thread_ = std::thread([this] {
      http_.listen_after_bind();
      ended_ = true;
    });
    return {};
  }

  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

 private:
  void add(const ControlHandler& handler) {
    help_ += fmt::format("{:<6} {:<15} {}\n", handler.method, handler.path, handler.help);
    const auto respond = [handle = handler.handle](const httplib::Request& request,
                                                   httplib::Response& response) {
      const auto done = handle(request.body);
      if (!done) return refuse(response, done.error());
      response.status = done->empty() ? 204 : 200;
      if (!done->empty()) response.set_content(*done, kJson);
    };
    if (handler.method == "GET") http_.Get(handler.path, respond);
    if (handler.method == "PUT") http_.Put(handler.path, respond);
    if (handler.method == "DELETE") http_.Delete(handler.path, respond);
  }

  static void refuse(httplib::Response& response, const net::Error& error) {
    response.status = 400;
    response.set_content(ordered_json{{"error", error.what}}.dump() + "\n", kJson);
  }

  std::string help_;
  httplib::Server http_;
  std::string endpoint_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

net::Result<std::unique_ptr<Control>> Control::start(const std::string& listen,
                                                     const std::vector<ControlHandler>& handlers) {
  auto server = std::make_unique<Server>(handlers);
  if (const auto listening = server->listen(listen); !listening) return net::pass_on(listening);
  return std::unique_ptr<Control>(new Control(std::move(server)));
}

Control::Control(std::unique_ptr<Server> server) : server_(std::move(server)) {}
Control::~Control() = default;

std::string Control::endpoint() const { return server_->endpoint(); }

}  // namespace simulator
