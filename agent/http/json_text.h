#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "agent/http/text.h"

namespace agent::http {

/// Compact JSON written straight into a string, in the order of the calls; always valid UTF-8. A tree of the
/// JSON library takes several times as long for /status, and that time is what a burst of requests waits for.
///
///     json.object([&] { json.member("name").text("eth0"); json.member("mtu").number(1500); });
class JsonText {
 public:
  /// The name of an object's next member; its value is to follow.
  JsonText& member(std::string_view name) {
    text(name);
    text_ += ':';
    after_value_ = false;
    return *this;
  }

  void text(std::string_view value) { raw("\"").append(json_escaped(value)).append("\""); }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }
  void number(std::integral auto value) { raw(std::to_string(value)); }

  template <class Members>
  void object(Members write_members) {
    enclosed('{', '}', write_members);
  }
  /// Each item is written by `write_item(item)`.
  template <class Items, class WriteItem>
  void array(const Items& items, WriteItem write_item) {
    enclosed('[', ']', [&] {
      for (const auto& item : items) write_item(item);
    });
  }

  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  /// A value: behind a comma unless it is the first of its object or array, or a member's.
  std::string& raw(std::string_view value) {
    if (after_value_) text_ += ',';
    after_value_ = true;
    return text_.append(value);
  }
  template <class Contents>
  void enclosed(char open, char close, Contents write_contents) {
    raw({&open, 1});
    after_value_ = false;
    write_contents();
    text_ += close;
    after_value_ = true;
  }

  std::string text_;
  bool after_value_ = false;
};

}  // namespace agent::http
