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

#include "simulator/fault_json.h"
#include "simulator/listen_address.h"
#include "simulator/record.h"

namespace simulator {
namespace {

using nlohmann::ordered_json;

constexpr auto kJson = "application/json";

std::string help() {
  std::string text =
      "GET    /state        everything at a glance\n"
      "GET    /document     the document served\n"
      "PUT    /document     replaces it: an instance, a network object or a list of interfaces\n"
      "GET    /fault        the faults in force\n"
      "PUT    /fault        {\"kind\":KIND, \"count\":N or \"seconds\":S, \"path\":\"/metadata/...\"}, or a "
      "list of such\n"
      "DELETE /fault        all is well again\n"
      "GET    /rate-limit\n"
      "PUT    /rate-limit   {\"per_second\":5, \"identity_per_second\":20, \"identity_concurrent\":5}; 0 = "
      "no limit\n"
      "GET    /source\n"
      "PUT    /source       {\"allow\":[\"10.240.0.4\"]}: packets of others vanish; [] = everybody\n"
      "GET    /requests     how many, and the last 100\n"
      "DELETE /requests     forgets them\n"
      "\nKinds of faults:\n";
  for (const auto& each : fault_kinds()) text += fmt::format("  {:<18} {}\n", each.name, each.description);
  return text;
}

ordered_json faults_json(const Simulator& simulator) {
  ordered_json list = ordered_json::array();
  for (const auto& fault : simulator.faults()) list.push_back(to_json(fault));
  return list;
}

ordered_json rate_limit_json(const Simulator& simulator) {
  const auto limit = simulator.rate_limit();
  return {{"per_second", limit.per_second},
          {"identity_per_second", limit.identity_per_second},
          {"identity_concurrent", limit.identity_concurrent}};
}

ordered_json source_json(const Simulator& simulator) {
  ordered_json allowed = ordered_json::array();
  for (const auto& source : simulator.sources()) allowed.push_back(source.text());
  return {{"allow", std::move(allowed)}};
}

ordered_json requests_json(const Simulator& simulator) {
  return record_json(simulator.request_count(), simulator.recent());
}

ordered_json state_json(const Simulator& simulator) {
  return {{"endpoint", simulator.endpoint()}, {"document", ordered_json::parse(simulator.document())},
          {"faults", faults_json(simulator)}, {"rate_limit", rate_limit_json(simulator)},
          {"source", source_json(simulator)}, {"requests", simulator.request_count()}};
}

net::Result<void> put_document(Simulator& simulator, const std::string& body) {
  return simulator.set_document(body);
}

net::Result<void> put_faults(Simulator& simulator, const std::string& body) {
  return parse_faults(body).map([&](std::vector<Fault> faults) { simulator.set_faults(std::move(faults)); });
}

net::Result<void> put_rate_limit(Simulator& simulator, const std::string& body) {
  const auto json = ordered_json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return net::failure(EINVAL, "the body is no JSON object");
  auto limit = simulator.rate_limit();
  for (const auto& [key, value] : json.items()) {
    if (!value.is_number() || value.get<double>() < 0) {
      return net::failure(EINVAL, fmt::format("\"{}\" is {}, not a number from 0", key, value.dump()));
    }
    if (key == "per_second") {
      limit.per_second = value.get<double>();
    } else if (key == "identity_per_second") {
      limit.identity_per_second = value.get<double>();
    } else if (key == "identity_concurrent") {
      limit.identity_concurrent = value.get<unsigned>();
    } else {
      return net::failure(EINVAL,
                          fmt::format("a rate limit has no member \"{}\": per_second, identity_per_second, "
                                      "identity_concurrent",
                                      key));
    }
  }
  simulator.set_rate_limit(limit);
  return {};
}

net::Result<void> put_source(Simulator& simulator, const std::string& body) {
  const auto json = ordered_json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.size() != 1 || !json.contains("allow") || !json["allow"].is_array()) {
    return net::failure(EINVAL, R"(the body is not {"allow":[…]})");
  }
  std::vector<net::Address> sources;
  for (const auto& each : json["allow"]) {
    const auto address = net::Address::parse(each.is_string() ? each.get<std::string>() : each.dump());
    if (!address) return net::pass_on(address);
    sources.push_back(*address);
  }
  return simulator.set_sources(std::move(sources));
}

}  // namespace

class Control::Server {
 public:
  Server(Simulator& simulator, const std::vector<Order>& more) : simulator_(simulator) {
    for (const auto& order : more) take(order);
    offer("/state", state_json);
    offer("/fault", faults_json);
    offer("/rate-limit", rate_limit_json);
    offer("/source", source_json);
    offer("/requests", requests_json);
    http_.Get("/document", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(simulator_.document(), kJson);
    });
    http_.Get("/", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(help() + more_help_, "text/plain");
    });
    accept("/document", put_document);
    accept("/fault", put_faults);
    accept("/rate-limit", put_rate_limit);
    accept("/source", put_source);
    http_.Delete("/fault", [this](const httplib::Request&, httplib::Response& response) {
      simulator_.clear_faults();
      response.status = 204;
    });
    http_.Delete("/requests", [this](const httplib::Request&, httplib::Response& response) {
      simulator_.forget_requests();
      response.status = 204;
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
  void offer(const char* path, ordered_json (*make)(const Simulator&)) {
    http_.Get(path, [this, make](const httplib::Request&, httplib::Response& response) {
      response.set_content(make(simulator_).dump(2) + "\n", kJson);
    });
  }

  void accept(const char* path, net::Result<void> (*put)(Simulator&, const std::string&)) {
    http_.Put(path, [this, put](const httplib::Request& request, httplib::Response& response) {
      const auto done = put(simulator_, request.body);
      if (!done) return refuse(response, done.error());
      response.status = 204;
    });
  }

  void take(const Order& order) {
    more_help_ += fmt::format("{:<6} {:<15} {}\n", order.method, order.path, order.help);
    const auto obey = [obey = order.obey](const httplib::Request& request, httplib::Response& response) {
      const auto done = obey(request.body);
      if (!done) return refuse(response, done.error());
      response.status = done->empty() ? 204 : 200;
      if (!done->empty()) response.set_content(*done, kJson);
    };
    if (order.method == "GET") http_.Get(order.path, obey);
    if (order.method == "PUT") http_.Put(order.path, obey);
    if (order.method == "DELETE") http_.Delete(order.path, obey);
  }

  static void refuse(httplib::Response& response, const net::Error& error) {
    response.status = 400;
    response.set_content(ordered_json{{"error", error.what}}.dump() + "\n", kJson);
  }

  Simulator& simulator_;
  std::string more_help_;
  httplib::Server http_;
  std::string endpoint_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

net::Result<std::unique_ptr<Control>> Control::start(Simulator& simulator, const std::string& listen,
                                                     const std::vector<Order>& more) {
  auto server = std::make_unique<Server>(simulator, more);
  if (const auto listening = server->listen(listen); !listening) return net::pass_on(listening);
  return std::unique_ptr<Control>(new Control(std::move(server)));
}

Control::Control(std::unique_ptr<Server> server) : server_(std::move(server)) {}
Control::~Control() = default;

std::string Control::endpoint() const { return server_->endpoint(); }

}  // namespace simulator
