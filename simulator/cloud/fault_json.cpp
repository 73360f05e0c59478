#include "simulator/cloud/fault_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace simulator::cloud {
namespace {

using nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr long kDay = 24L * 60 * 60;  // in seconds
constexpr long kMany = 1'000'000'000;

/// Takes a fault out of its JSON, and keeps what was wrong.
class Reader {
 public:
  explicit Reader(const ordered_json& object) : object_(object) {}

  net::Result<Fault> fault() {
    if (!object_.is_object() || !object_.contains("kind")) {
      return wrong("a fault is an object with a \"kind\"");
    }
    for (const auto& [key, value] : object_.items()) read(key, value);
    if (!wrong_.empty()) return wrong(wrong_);
    return fault_;
  }

 private:
  static tl::unexpected<net::Error> wrong(std::string what) { return net::failure(EINVAL, std::move(what)); }

  void read(const std::string& key, const ordered_json& value) {
    if (key == "kind") return read_kind(value);
    if (key == "text") return read_text(key, value, fault_.text);
    if (key == "path") return read_text(key, value, fault_.path);
    if (key == "headers") return read_headers(value);
    if (key == "code") {
      fault_.code = static_cast<unsigned>(whole(key, value, 200, 599));
    } else if (key == "count") {
      fault_.count = static_cast<unsigned>(whole(key, value, 1, kMany));
    } else if (key == "delay_ms") {
      fault_.delay = milliseconds(whole(key, value, 0, kDay * 1000));
    } else if (key == "seconds") {
      fault_.duration = std::chrono::seconds(whole(key, value, 1, kDay));
    } else {
      wrong_ = fmt::format(
          "a fault has no member \"{}\": kind, code, text, headers, delay_ms, path, count, seconds", key);
    }
  }

  long whole(const std::string& key, const ordered_json& value, long least, long most) {
    if (value.is_number_integer()) {
      const auto number = value.get<long>();
      if (number >= least && number <= most) return number;
    }
    wrong_ = fmt::format("\"{}\" is {}, not a whole number from {} to {}", key, value.dump(), least, most);
    return least;
  }

  void read_kind(const ordered_json& value) {
    std::string known;
    for (const auto& each : fault_kinds()) {
      known += fmt::format(" {}", each.name);
      if (value != each.name) continue;
      fault_.kind = each.kind;
      return;
    }
    wrong_ = fmt::format("\"kind\" is {}, not one of:{}", value.dump(), known);
  }

  void read_text(const std::string& key, const ordered_json& value, std::string& member) {
    if (value.is_string()) {
      member = value.get<std::string>();
    } else {
      wrong_ = fmt::format("\"{}\" is {}, not a string", key, value.dump());
    }
  }

  void read_headers(const ordered_json& value) {
    if (!value.is_object()) {
      wrong_ = fmt::format("\"headers\" is {}, not an object", value.dump());
      return;
    }
    for (const auto& [name, text] : value.items()) {
      fault_.headers.emplace_back(name, "");
      read_text(name, text, fault_.headers.back().second);
    }
  }

  const ordered_json& object_;
  Fault fault_;
  std::string wrong_;
};

}  // namespace

net::Result<std::vector<Fault>> parse_faults(std::string_view json) {
  auto document = ordered_json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return net::failure(EINVAL, "not valid JSON");
  if (!document.is_array()) document = ordered_json::array({std::move(document)});
  std::vector<Fault> faults;
  for (const auto& object : document) {
    auto fault = Reader(object).fault();
    if (!fault) return net::pass_on(fault);
    faults.push_back(*std::move(fault));
  }
  return faults;
}

nlohmann::ordered_json to_json(const Fault& fault) {
  ordered_json object = {{"kind", fault_kinds()[static_cast<std::size_t>(fault.kind)].name}};
  if (fault.kind == Fault::Kind::status) object["code"] = fault.code;
  if (!fault.text.empty()) object["text"] = fault.text;
  for (const auto& [name, value] : fault.headers) object["headers"][name] = value;
  if (fault.delay.count() != 0) object["delay_ms"] = fault.delay.count();
  if (!fault.path.empty()) object["path"] = fault.path;
  if (fault.count) object["count"] = *fault.count;
  if (fault.duration) {
    object["seconds"] = std::chrono::duration_cast<std::chrono::seconds>(*fault.duration).count();
  }
  return object;
}

}  // namespace simulator::cloud
