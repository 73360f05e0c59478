#pragma once

#include <charconv>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// The Prometheus text format 0.0.4 read strictly, with promtool's lint rules on top: so that the tests judge
/// it on machines without promtool, too. Throws std::runtime_error naming the line.
/// (https://prometheus.io/docs/instrumenting/exposition_formats/)
class Exposition {
 public:
  explicit Exposition(const std::string& text) {
    if (text.empty() || text.back() != '\n') throw std::runtime_error("does not end with a newline");
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) read(line);
  }

  /// The value of a series, spelled as in the text: name{label="value"}.
  [[nodiscard]] std::optional<double> operator[](const std::string& series) const {
    const auto found = values_.find(series);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] const std::map<std::string, std::string>& types() const { return types_; }
  [[nodiscard]] std::size_t size() const { return values_.size(); }
  /// The label's values with their escapes resolved, of all samples of the family.
  [[nodiscard]] std::set<std::string> label_values(const std::string& family,
                                                   const std::string& label) const {
    const auto found = labels_.find({family, label});
    return found == labels_.end() ? std::set<std::string>{} : found->second;
  }

 private:
  [[noreturn]] static void refuse(const std::string& why, const std::string& line) {
    throw std::runtime_error(why + ": " + line);
  }

  void read(const std::string& line) {
    static const std::regex kHelp("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");
    static const std::regex kType("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)");
    std::smatch match;
    if (std::regex_match(line, match, kHelp)) {
      if (!helped_.insert(match[1]).second) refuse("second HELP", line);
      family_ = match[1];
      typed_ = false;
    } else if (std::regex_match(line, match, kType)) {
      if (match[1] != family_ || typed_) refuse("TYPE without its HELP before it", line);
      const bool total = family_.ends_with("_total");
      if (total != (match[2] == "counter")) refuse("counters, and only they, end in _total", line);
      types_[family_] = match[2];
      typed_ = true;
    } else {
      read_sample(line);
    }
  }

  [[nodiscard]] bool is_of_family(const std::string& name) const {
    if (types_.at(family_) != "histogram") return name == family_;
    return name == family_ + "_bucket" || name == family_ + "_sum" || name == family_ + "_count";
  }

  void read_sample(const std::string& line) {
    const auto name_end = line.find_first_of("{ ");
    if (!typed_ || !is_of_family(line.substr(0, name_end))) refuse("sample outside of its family", line);
    std::string_view rest = std::string_view(line).substr(name_end);
    if (rest.front() == '{') read_labels(rest, line);
    if (rest.empty() || rest.front() != ' ') refuse("no space before the value", line);
    rest.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc{} || end != rest.data() + rest.size()) refuse("not a value", line);
    const auto series = line.substr(0, line.size() - rest.size() - 1);
    if (!values_.emplace(series, value).second) refuse("second sample of one series", line);
  }

  void read_labels(std::string_view& rest, const std::string& line) {
    static const std::regex kLabel("[a-zA-Z_][a-zA-Z0-9_]*");
    do {
      rest.remove_prefix(1);  // { or ,
      const auto equals = rest.find("=\"");
      if (equals == std::string_view::npos) refuse("no label", line);
      const std::string label(rest.substr(0, equals));
      if (!std::regex_match(label, kLabel)) refuse("not a label name", line);
      rest.remove_prefix(equals + 2);
      std::string value;
      for (; !rest.empty() && rest.front() != '"'; rest.remove_prefix(1)) {
        if (rest.front() != '\\') {
          value += rest.front();
          continue;
        }
        rest.remove_prefix(1);
        if (rest.empty() || std::string_view("\\\"n").find(rest.front()) == std::string_view::npos) {
          refuse("unknown escape", line);
        }
        value += rest.front() == 'n' ? '\n' : rest.front();
      }
      if (rest.empty()) refuse("label value does not end", line);
      rest.remove_prefix(1);
      labels_[{family_, label}].insert(value);
    } while (!rest.empty() && rest.front() == ',');
    if (rest.empty() || rest.front() != '}') refuse("labels do not end", line);
    rest.remove_prefix(1);
  }

  std::string family_;
  bool typed_ = false;
  std::set<std::string> helped_;
  std::map<std::string, std::string> types_;
  std::map<std::string, double> values_;
  std::map<std::pair<std::string, std::string>, std::set<std::string>> labels_;
};
