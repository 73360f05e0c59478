#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "simulator/fault.h"

namespace simulator {
namespace {

using nlohmann::ordered_json;

constexpr long kDay = 24L * 60 * 60;  // in seconds
constexpr long kMany = 1'000'000'000;

/// The whole number of a member, within bounds.
net::Result<long> number(const std::string& key, const ordered_json& value, long least, long most) {
  if (value.is_number_integer()) {
    const auto whole = value.get<long>();
    if (whole >= least && whole <= most) return whole;
  }
  return net::failure(
      EINVAL, fmt::format("\"{}\" is {}, not a whole number from {} to {}", key, value.dump(), least, most));
}

net::Result<Fault::Kind> kind(const ordered_json& value, Service service) {
  std::string known;
  for (const auto& each : fault_kinds(service)) {
    if (value == each.name) return each.kind;
    known += fmt::format(" {}", each.name);
  }
  return net::failure(EINVAL, fmt::format("\"kind\" is {}, not one of:{}", value.dump(), known));
}

net::Result<void> set_text(std::string& member, const std::string& key, const ordered_json& value) {
  if (!value.is_string()) {
    return net::failure(EINVAL, fmt::format("\"{}\" is {}, not a string", key, value.dump()));
  }
  member = value.get<std::string>();
  return {};
}

net::Result<void> set_headers(Headers& headers, const ordered_json& value) {
  if (!value.is_object()) {
    return net::failure(EINVAL, fmt::format("\"headers\" is {}, not an object", value.dump()));
  }
  for (const auto& [name, text] : value.items()) {
    headers.emplace_back(name, "");
    if (auto done = set_text(headers.back().second, name, text); !done) return done;
  }
  return {};
}

net::Result<void> set(Fault& fault, Service service, const std::string& key, const ordered_json& value) {
  const auto whole = [&](long least, long most, auto assign) -> net::Result<void> {
    return number(key, value, least, most).map(assign);
  };
  if (key == "kind") return kind(value, service).map([&](Fault::Kind one) { fault.kind = one; });
  if (key == "text") return set_text(fault.text, key, value);
  if (key == "path") return set_text(fault.path, key, value);
  if (key == "headers") return set_headers(fault.headers, value);
  if (key == "code") return whole(200, 599, [&](long code) { fault.code = static_cast<unsigned>(code); });
  if (key == "amount") return whole(-kMany, kMany, [&](long amount) { fault.amount = amount; });
  if (key == "count") return whole(1, kMany, [&](long count) { fault.count = static_cast<unsigned>(count); });
  if (key == "delay_ms") {
    return whole(0, kDay * 1000, [&](long delay) { fault.delay = std::chrono::milliseconds(delay); });
  }
  if (key == "seconds") {
    return whole(1, kDay, [&](long whole_seconds) { fault.duration = std::chrono::seconds(whole_seconds); });
  }
  return net::failure(EINVAL,
                      fmt::format("a fault has no member \"{}\": kind, code, text, headers, delay_ms, "
                                  "amount, path, count, seconds",
                                  key));
}

net::Result<Fault> parse_fault(const ordered_json& object, Service service) {
  if (!object.is_object() || !object.contains("kind")) {
    return net::failure(EINVAL, "a fault is an object with a \"kind\"");
  }
  Fault fault;
  for (const auto& [key, value] : object.items()) {
    if (const auto done = set(fault, service, key, value); !done) return net::pass_on(done);
  }
  return fault;
}

}  // namespace

net::Result<std::vector<Fault>> parse_faults(std::string_view json, Service service) {
  auto document = ordered_json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return net::failure(EINVAL, "not valid JSON");
  if (!document.is_array()) document = ordered_json::array({std::move(document)});
  std::vector<Fault> faults;
  for (const auto& object : document) {
    auto fault = parse_fault(object, service);
    if (!fault) return net::pass_on(fault);
    faults.push_back(*std::move(fault));
  }
  return faults;
}

nlohmann::ordered_json to_json(const Fault& fault) {
  ordered_json object = {{"kind", fault_name(fault.kind)}};
  if (fault.kind == Fault::Kind::status) object["code"] = fault.code;
  if (!fault.text.empty()) object["text"] = fault.text;
  for (const auto& [name, value] : fault.headers) object["headers"][name] = value;
  if (fault.delay.count() != 0) object["delay_ms"] = fault.delay.count();
  if (fault.amount != 0) object["amount"] = fault.amount;
  if (!fault.path.empty()) object["path"] = fault.path;
  if (fault.count) object["count"] = *fault.count;
  if (fault.duration)
    object["seconds"] = std::chrono::duration_cast<std::chrono::seconds>(*fault.duration).count();
  return object;
}

}  // namespace simulator
