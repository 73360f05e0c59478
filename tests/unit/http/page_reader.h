#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Reads an HTML page as strictly as if it were XML, but for void elements: every element is closed in order,
/// every attribute quoted, every & a reference that is known, no < in text. Throws std::runtime_error.
class PageReader {
 public:
  struct Element {
    std::string name;
    std::map<std::string, std::string> attributes;
    std::string text;  ///< its own, with references resolved
  };

  explicit PageReader(std::string_view html) : rest_(html) {
    if (!take("<!doctype html>\n")) fail("no doctype");
    while (!rest_.empty()) read();
    if (!open_.empty()) fail("never closed: " + elements_[open_.back()].name);
  }

  [[nodiscard]] const std::vector<Element>& elements() const& { return elements_; }
  // In C++20 a loop over them would outlive a reader that has no name.
  const std::vector<Element>& elements() const&& = delete;
  [[nodiscard]] std::vector<Element> all(std::string_view name) const {
    std::vector<Element> found;
    std::copy_if(elements_.begin(), elements_.end(), std::back_inserter(found),
                 [name](const Element& element) { return element.name == name; });
    return found;
  }
  /// The whole text, as a reader sees it.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw std::runtime_error(why + " before: " + std::string(rest_.substr(0, 80)));
  }
  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  std::string take_name() {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), [](char c) {
      // SVG has viewBox.
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == 'B';
    });
    const std::string name(rest_.begin(), end);
    if (name.empty()) fail("no name");
    rest_.remove_prefix(name.size());
    return name;
  }

  std::string resolved(std::string_view raw) const {
    static const std::map<std::string_view, char> kReferences = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};
    std::string text;
    while (!raw.empty()) {
      if (raw.front() == '&') {
        const auto reference = raw.substr(0, raw.find(';') + 1);
        const auto known = kReferences.find(reference);
        if (known == kReferences.end()) fail("unknown reference in " + std::string(raw));
        text += known->second;
        raw.remove_prefix(reference.size());
      } else {
        text += raw.front();
        raw.remove_prefix(1);
      }
    }
    return text;
  }

  void read() {
    if (take("</")) {
      const auto name = take_name();
      if (!take(">")) fail("no > after /" + name);
      if (open_.empty() || elements_[open_.back()].name != name) fail("closes what is not open: " + name);
      open_.pop_back();
    } else if (take("<")) {
      read_start();
    } else {
      const auto text = resolved(rest_.substr(0, rest_.find('<')));
      rest_.remove_prefix(std::min(rest_.find('<'), rest_.size()));
      text_ += text;
      if (!open_.empty()) elements_[open_.back()].text += text;
    }
  }

  void read_start() {
    static constexpr std::array<std::string_view, 3> kVoid = {"meta", "link", "br"};
    Element element{take_name(), {}, ""};
    while (take(" ")) {
      const auto attribute = take_name();
      if (!take("=\"")) fail("attribute without a quoted value: " + attribute);
      const auto value = rest_.substr(0, rest_.find('"'));
      if (!element.attributes.emplace(attribute, resolved(value)).second) fail("twice: " + attribute);
      rest_.remove_prefix(value.size());
      if (!take("\"")) fail("value does not end");
    }
    if (!take(">")) fail("no > in " + element.name);
    const bool is_void = std::find(kVoid.begin(), kVoid.end(), element.name) != kVoid.end();
    if (element.name == "style") {  // raw text
      const auto end = rest_.find("</style>");
      element.text = rest_.substr(0, end);
      rest_.remove_prefix(end);
    }
    elements_.push_back(element);
    if (!is_void) open_.push_back(elements_.size() - 1);
  }

  std::string_view rest_;
  std::vector<Element> elements_;
  std::vector<std::size_t> open_;
  std::string text_;
};
