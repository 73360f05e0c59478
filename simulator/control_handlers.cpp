#include "simulator/control_handlers.h"

#include <fmt/format.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

namespace simulator {
namespace {

using nlohmann::ordered_json;

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
      on_get("/rate-limit", "requests that are answered before 429",
             [&] { return text_of(rate_limit_json(imds)); }),
      on_put("/rate-limit",
             R"({"per_second":5, "identity_per_second":20, "identity_concurrent":5}; 0 = no limit)",
             [&](const std::string& body) { return put_rate_limit(imds, body); }),
      on_get("/source", "whose packets are heard", [&] { return text_of(source_json(imds)); }),
      on_put("/source", R"({"allow":["10.240.0.4"]}: packets of others vanish; [] = everybody)",
             [&](const std::string& body) { return put_source(imds, body); }),
  };
  for (auto& handler : service_control_handlers(imds, "/")) handlers.push_back(std::move(handler));
  return handlers;
}

}  // namespace simulator
