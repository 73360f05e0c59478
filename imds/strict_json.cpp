#include "imds/strict_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "net/foreign_text.h"

namespace imds {
namespace {

using nlohmann::json;

constexpr std::size_t kMaximumDepth = 32;  // the deepest documented one, an OS disk's image, has 6

/// Builds the value from the parser's events and stops at the first thing that is not to be trusted.
class Builder final : public nlohmann::json_sax<json> {
 public:
  explicit Builder(json& root) : root_(root) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return refuse("binary data"); }
  bool start_object(std::size_t /*size*/) override { return open(json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*size*/) override { return open(json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    const auto [place, is_new] = open_.back()->get_ref<json::object_t&>().try_emplace(name);
    if (!is_new)
      return refuse(fmt::format("the key \"{}\" stands twice in one object", net::foreign_text(name, 40)));
    member_ = &place->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const json::exception& /*reason*/) override {
    return refuse(fmt::format("not valid JSON at byte {}", position));
  }

  std::string objection;

 private:
  bool refuse(std::string why) {
    objection = std::move(why);
    return false;
  }

  bool put(json value) {
    place(std::move(value));
    return true;
  }

  bool open(json container) {
    if (open_.size() == kMaximumDepth) {
      return refuse(fmt::format("nested deeper than {} levels", kMaximumDepth));
    }
    open_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  json* place(json value) {
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

  json& root_;
  std::vector<json*> open_;
  json* member_ = nullptr;
};

}  // namespace

net::Result<nlohmann::json> parse_strictly(std::string_view text) {
  json root;
  Builder builder(root);
  if (!json::sax_parse(text, &builder)) return net::failure(EBADMSG, std::move(builder.objection));
  return root;
}

}  // namespace imds
