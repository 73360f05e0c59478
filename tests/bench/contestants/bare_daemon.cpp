// What the libraries of such a daemon cost before it does anything: an HTTP server, a logger, a netlink
// socket.
//
//   bare_daemon [http]         on 127.0.0.1:16926; with "http" the server alone
#include <httplib.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>

int main(int argc, char**) {
  if (argc == 1) {
    spdlog::stderr_logger_mt("bare");
    spdlog::get("bare")->info("starts");
    auto* socket = nl_socket_alloc();
    if (socket == nullptr || nl_connect(socket, NETLINK_ROUTE) < 0) return 1;
  }
  httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(8); };
  server.Get("/readyz", [](const httplib::Request&, httplib::Response& reply) {
    reply.set_content("ok\n", "text/plain");
  });
  if (!server.bind_to_port("127.0.0.1", 16926)) return 1;
  std::puts("ready");
  std::fflush(stdout);
  return server.listen_after_bind() ? 0 : 1;
}
