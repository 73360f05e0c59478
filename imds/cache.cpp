#include "imds/cache.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cerrno>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "files/read.h"
#include "files/replace.h"
#include "imds/document.h"
#include "json/json.h"

namespace imds {
namespace {

using std::chrono::system_clock;

constexpr std::string_view kSchema = "calico-azure-agent/imds-cache/v1";
constexpr std::size_t kMaximumSize = std::size_t{1} << 20;  // as much as an answer of IMDS may have

tl::unexpected<net::Error> damaged(const std::filesystem::path& file, std::string_view how) {
  return net::failure(EBADMSG, fmt::format("the IMDS cache {} is damaged: {}; the next good answer of IMDS "
                                           "replaces it",
                                           file.string(), how));
}

std::string time_text(system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(system_clock::to_time_t(time)));
}

std::optional<system_clock::time_point> parse_time(const std::string& text) {
  std::tm broken_down{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &broken_down);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return system_clock::from_time_t(::timegm(&broken_down));
}

std::string file_text(const Reading& reading) {
  const nlohmann::ordered_json about = {
      {"schema", kSchema}, {"saved", time_text(system_clock::now())}, {"api_version", reading.api_version}};
  return about.dump() + "\n" + reading.document;
}

net::Result<Cached> read_text(const std::filesystem::path& file, std::string_view text) {
  const auto line_end = text.find('\n');
  if (line_end == std::string_view::npos) return damaged(file, "it has no first line");
  const auto about = json::parse(text.substr(0, line_end), json::kStrict);
  if (!about) return damaged(file, about.error().what);
  const auto field = [&about](const char* key) { return json::string(json::at(*about, key)); };
  if (field("schema") != kSchema) return damaged(file, fmt::format("its schema is not {}", kSchema));
  const auto saved = parse_time(field("saved"));
  if (!saved) return damaged(file, "it does not say when it was saved");
  const auto document = text.substr(line_end + 1);
  auto network = parse(document);
  if (!network) return damaged(file, network.error().what);
  return Cached{.reading = {.network = *std::move(network),
                            .document = std::string(document),
                            .api_version = field("api_version")},
                .saved = *saved};
}

}  // namespace

net::Result<void> save(const std::filesystem::path& file, const Reading& reading) {
  const auto text = file_text(reading);
  if (text.size() > kMaximumSize) {
    return net::failure(
        EFBIG, fmt::format("the IMDS document is too large to be kept in {}: {} bytes, {} fit", file.string(),
                           text.size(), kMaximumSize));
  }
  return files::replace(file, text, files::Readers::everybody);
}

net::Result<Cached> load(const std::filesystem::path& file) {
  const auto text = files::read(file, kMaximumSize);
  if (!text && text.error().code.value() == EFBIG)
    return net::failure(EFBIG, text.error().what + "; the next good answer of IMDS replaces it");
  if (!text) return net::pass_on(text);
  return read_text(file, *text);
}

}  // namespace imds
