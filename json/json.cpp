#include "json/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "net/foreign_text.h"

namespace json {
namespace {

constexpr std::size_t kQuotedKey = 40;
constexpr std::size_t kLongestText = 2048;  // an id's, the longest that Azure Resource Manager allows
// https://github.com/golang/go/blob/master/src/encoding/json/scanner.go (maxNestingDepth)
constexpr std::size_t kDepthOfGo = 10'000;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

struct Objection {
  std::string what;
  std::optional<std::size_t> byte = {};  ///< from 1; one past the end where the text ends too early
};

/// Builds the value from the parser's events and stops at the first thing that is refused.
class Builder final : public nlohmann::json_sax<Value> {
 public:
  Builder(Value& root, Limits limits) : root_(root), limits_(limits) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return refuse({"binary data"}); }
  bool start_object(std::size_t /*size*/) override { return open(Value::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*size*/) override { return open(Value::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    const auto [place, is_new] = open_.back()->get_ref<Value::object_t&>().try_emplace(name);
    if (!is_new && limits_.unique_keys)
      return refuse(
          {fmt::format("the key \"{}\" stands twice in one object", net::foreign_text(name, kQuotedKey))});
    member_ = &place->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const Value::exception& reason) override {
    if (dynamic_cast<const Value::out_of_range*>(&reason) != nullptr)
      return refuse({"not valid JSON: a number is out of range"});
    return refuse({"not valid JSON", position});
  }

  Objection objection;

 private:
  bool refuse(Objection why) {
    objection = std::move(why);
    return false;
  }

  bool put(Value value) { return place(std::move(value)) != nullptr; }

  bool open(Value container) {
    if (open_.size() == limits_.depth)
      return refuse({fmt::format("nested deeper than {} levels", limits_.depth)});
    Value* const placed = place(std::move(container));
    open_.push_back(placed);
    return placed != nullptr;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  /// Null where it is one too many.
  Value* place(Value value) {
    if (values_++ == limits_.values) {
      refuse({fmt::format("larger than {} values", limits_.values)});
      return nullptr;
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      open_.back()->push_back(std::move(value));
      return &open_.back()->back();
    }
    *member_ = std::move(value);
    return member_;
  }

  Value& root_;
  Limits limits_;
  std::vector<Value*> open_;
  std::size_t values_ = 0;
  Value* member_ = nullptr;
};

std::optional<Objection> build(Value& root, std::string_view text, Limits limits) {
  Builder builder(root, limits);
  if (Value::sax_parse(text, &builder)) return std::nullopt;
  return std::move(builder.objection);
}

/// "line 3, column 7", both from 1, the column in bytes.
std::string line_and_column(std::string_view before) {
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  return fmt::format("line {}, column {}", line, before.size() - (before.rfind('\n') + 1) + 1);
}

}  // namespace

net::Result<Value> parse(std::string_view text, Limits limits) {
  Value root;
  const auto objection = build(root, text, limits);
  if (!objection) return root;
  if (!objection->byte) return net::failure(EBADMSG, objection->what);
  return net::failure(EBADMSG, fmt::format("{} at byte {}", objection->what, *objection->byte));
}

net::Result<Value> parse_file(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return net::failure(EBADMSG, "is empty: half written?");
  if (text.starts_with(kByteOrderMark))
    return net::failure(EBADMSG, "is not valid JSON at line 1, column 1: it begins with a byte order mark");
  Value root;
  const auto objection = build(root, text, {.depth = kDepthOfGo, .unique_keys = false});
  if (!objection) return root;
  if (!objection->byte) return net::failure(EBADMSG, "is " + objection->what);
  if (*objection->byte > text.size())
    return net::failure(EBADMSG, fmt::format("ends too early, at {}: half written?", line_and_column(text)));
  const auto good = text.substr(0, *objection->byte == 0 ? 0 : *objection->byte - 1);
  return net::failure(EBADMSG, fmt::format("is {} at {}", objection->what, line_and_column(good)));
}

const Value& at(const Value& value, const char* key) {
  static const Value kNothing;
  if (!value.is_object()) return kNothing;
  const auto found = value.find(key);
  return found == value.end() ? kNothing : *found;
}

const Value::array_t& entries(const Value& value) {
  static const Value::array_t kNone;
  return value.is_array() ? value.get_ref<const Value::array_t&>() : kNone;
}

const std::string& string(const Value& value) {
  static const std::string kNone;
  return value.is_string() ? value.get_ref<const std::string&>() : kNone;
}

std::string text(const Value& value) { return net::foreign_text(string(value), kLongestText); }

}  // namespace json
