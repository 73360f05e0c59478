#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "net/address.h"
#include "net/error.h"
#include "net/mac_address.h"
#include "net/names.h"
#include "net/prefix.h"
#include "net/rule.h"

// How values stand in JSON that the agent both writes and reads. nlohmann-json finds these by the types' own
// namespaces. Reading anything else than what is written throws what nlohmann-json throws, or
// std::invalid_argument.

namespace json {

/// As T::text() has it, and T::parse() takes it.
template <class T>
struct TextSerializer {
  static void to_json(nlohmann::json& to, const T& value) { to = value.text(); }
  static void from_json(const nlohmann::json& from, T& value) {
    auto parsed = T::parse(from.get_ref<const std::string&>());
    if (!parsed) throw std::invalid_argument(parsed.error().what);
    value = *parsed;
  }
};

/// An enum's value by its name.
template <class Enum, const auto& kNames>
struct NamedSerializer {
  static void to_json(nlohmann::json& to, const Enum& value) {
    to = std::string(net::name_of(kNames, value));
  }
  static void from_json(const nlohmann::json& from, Enum& value) {
    const auto named = net::value_named(kNames, from.get_ref<const std::string&>());
    if (!named) throw std::invalid_argument("a name that is not known");
    value = *named;
  }
};

/// A member that a document of an earlier version does not have: the value stays as it is.
template <class T>
void read_if_there(const nlohmann::json& from, const char* key, T& value) {
  if (const auto found = from.find(key); found != from.end()) found->get_to(value);
}

}  // namespace json

/// As NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE; the members of the second list came with a later version, and a
/// document without them is read all the same.
#define CAA_JSON_WRITE(member) to[#member] = value.member;
#define CAA_JSON_READ(member) from.at(#member).get_to(value.member);
#define CAA_JSON_READ_IF_THERE(member) ::json::read_if_there(from, #member, value.member);
#define CAA_JSON_EACH(what, ...) NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(what, __VA_ARGS__))
#define CAA_JSON_UNWRAPPED(...) __VA_ARGS__
#define CAA_JSON_WITH_LATER_MEMBERS(Type, first, later)                                  \
  inline void to_json(nlohmann::json& to, const std::type_identity_t<Type>& value) {     \
    CAA_JSON_EACH(CAA_JSON_WRITE, CAA_JSON_UNWRAPPED first)                              \
    CAA_JSON_EACH(CAA_JSON_WRITE, CAA_JSON_UNWRAPPED later)                              \
  }                                                                                      \
  inline void from_json(const nlohmann::json& from, std::type_identity_t<Type>& value) { \
    CAA_JSON_EACH(CAA_JSON_READ, CAA_JSON_UNWRAPPED first)                               \
    CAA_JSON_EACH(CAA_JSON_READ_IF_THERE, CAA_JSON_UNWRAPPED later)                      \
  }

namespace net {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PortRange, first, last)

}  // namespace net

namespace nlohmann {

template <>
struct adl_serializer<net::Address> : ::json::TextSerializer<net::Address> {};
template <>
struct adl_serializer<net::Prefix> : ::json::TextSerializer<net::Prefix> {};
template <>
struct adl_serializer<net::MacAddress> : ::json::TextSerializer<net::MacAddress> {};

/// Milliseconds since the epoch.
template <>
struct adl_serializer<std::chrono::system_clock::time_point> {
  using Time = std::chrono::system_clock::time_point;
  static void to_json(json& to, const Time& time) {
    to = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  }
  static void from_json(const json& from, Time& time) {
    time = Time(std::chrono::milliseconds(from.get<std::int64_t>()));
  }
};

template <>
struct adl_serializer<std::chrono::milliseconds> {
  static void to_json(json& to, const std::chrono::milliseconds& duration) { to = duration.count(); }
  static void from_json(const json& from, std::chrono::milliseconds& duration) {
    duration = std::chrono::milliseconds(from.get<std::int64_t>());
  }
};

template <class T>
struct adl_serializer<std::optional<T>> {
  static void to_json(json& to, const std::optional<T>& maybe) { to = maybe ? json(*maybe) : json(); }
  static void from_json(const json& from, std::optional<T>& maybe) {
    maybe.reset();
    if (from.is_null()) return;
    // Not get<T>(): to clang 14 a nested class with initializers is never default-constructible.
    T value{};
    from.get_to(value);
    maybe = std::move(value);
  }
};

/// {"value": …} or {"error": "…", "code": 13}
template <class T>
struct adl_serializer<net::Result<T>> {
  static void to_json(json& to, const net::Result<T>& result) {
    if (result) {
      to = json{{"value", *result}};
    } else {
      to = json{{"error", result.error().what}, {"code", result.error().code.value()}};
    }
  }
  static void from_json(const json& from, net::Result<T>& result) {
    if (from.contains("value")) {
      result = from.at("value").get<T>();
    } else {
      result = net::failure(from.at("code").get<int>(), from.at("error").get<std::string>());
    }
  }
};

}  // namespace nlohmann
