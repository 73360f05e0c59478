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
    const int port = wanted->port == 0                                ? http_.bind_to_any_port(host.c_str())
                     : http_.bind_to_port(host.c_str(), wanted->port) ? wanted->port
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

namespace {

std::string text_of(const ordered_json& json) { return json.dump(2) + "\n"; }

std::string help_of_faults(Service service) {
  std::string text = "the faults in force, of these kinds:";
  for (const auto& each : fault_kinds(service))
    text += fmt::format("\n{:>23}{:<18} {}", "", each.name, each.description);
  return text;
}

ordered_json faults_json(const SimulatedService& service) {
  ordered_json list = ordered_json::array();
  for (const auto& fault : service.faults()) list.push_back(to_json(fault));
  return list;
}

ordered_json requests_json(const SimulatedService& service) {
  ordered_json list = ordered_json::array();
  for (const auto& seen : service.recent()) {
    ordered_json headers = ordered_json::object();
    for (const auto& [name, value] : seen.headers) headers[name] = value;
    list.push_back({{"source", seen.source},
                    {"method", seen.method},
                    {"target", seen.target},
                    {"headers", std::move(headers)},
                    {"status", seen.status}});
  }
  const ordered_json last = list.empty() ? ordered_json() : list.back();
  return {{"count", service.request_count()}, {"last", last}, {"recent", std::move(list)}};
}

ordered_json rate_limit_json(const Imds& imds) {
  const auto limit = imds.rate_limit();
  return {{"per_second", limit.per_second},
          {"identity_per_second", limit.identity_per_second},
          {"identity_concurrent", limit.identity_concurrent}};
}

ordered_json source_json(const Imds& imds) {
  ordered_json allowed = ordered_json::array();
  for (const auto& source : imds.sources()) allowed.push_back(source.text());
  return {{"allow", std::move(allowed)}};
}

ordered_json state_json(const Imds& imds) {
  return {{"endpoint", imds.endpoint()}, {"document", ordered_json::parse(imds.document())},
          {"faults", faults_json(imds)}, {"rate_limit", rate_limit_json(imds)},
          {"source", source_json(imds)}, {"requests", imds.request_count()}};
}

net::Result<void> put_rate_limit(Imds& imds, const std::string& body) {
  const auto json = ordered_json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return net::failure(EINVAL, "the body is no JSON object");
  auto limit = imds.rate_limit();
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
  imds.set_rate_limit(limit);
  return {};
}

net::Result<void> put_source(Imds& imds, const std::string& body) {
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
  return imds.set_sources(std::move(sources));
}

}  // namespace

std::vector<ControlHandler> service_control_handlers(SimulatedService& service, const std::string& prefix) {
  return {
      on_get(prefix + "fault", help_of_faults(service.service()),
             [&] { return text_of(faults_json(service)); }),
      on_put(prefix + "fault", R"({"kind":KIND, "count":N or "seconds":S, "path":"/..."}, or a list of such)",
             [&](const std::string& body) {
               return parse_faults(body, service.service()).map([&](std::vector<Fault> faults) {
                 service.set_faults(std::move(faults));
               });
             }),
      on_delete(prefix + "fault", "all is well again", [&] { service.clear_faults(); }),
      on_get(prefix + "requests", "how many, and the last 100",
             [&] { return text_of(requests_json(service)); }),
      on_delete(prefix + "requests", "forgets them", [&] { service.forget_requests(); }),
  };
}

std::vector<ControlHandler> control_handlers(Imds& imds) {
  std::vector<ControlHandler> handlers = {
      on_get("/state", "IMDS at a glance", [&] { return text_of(state_json(imds)); }),
      on_get("/document", "the document that IMDS serves", [&] { return imds.document(); }),
      on_put("/document", "replaces it: an instance, a network object or a list of interfaces",
             [&](const std::string& body) { return imds.set_document(body); }),
      on_put("/scheduled-events",
             R"({"Events":[{"EventId":…, "EventType":"Freeze", "Resources":["vm1"], …}]})",
             [&](const std::string& body) { return imds.set_scheduled_events(body); }),
      on_get("/rate-limit", "requests that are answered before 429",
             [&] { return text_of(rate_limit_json(imds)); }),
      on_put("/rate-limit",
             R"({"per_second":5, "identity_per_second":20, "identity_concurrent":5}; 0 = no limit)",
             [&](const std::string& body) { return put_rate_limit(imds, body); }),
      on_get("/source", "whose packets are accepted", [&] { return text_of(source_json(imds)); }),
      on_put("/source", R"({"allow":["10.240.0.4"]}: packets of others vanish; [] = everybody)",
             [&](const std::string& body) { return put_source(imds, body); }),
  };
  for (auto& handler : service_control_handlers(imds, "/")) handlers.push_back(std::move(handler));
  return handlers;
}

}  // namespace simulator
