#include "imds/cache.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "files/replace.h"
#include "imds/document.h"
#include "imds/strict_json.h"
#include "net/descriptor.h"

namespace imds {
namespace {

using std::chrono::system_clock;

constexpr std::string_view kSchema = "calico-azure-agent/imds-cache/v1";
constexpr std::size_t kMaximumSize = std::size_t{1} << 20;  // as much as an answer of IMDS may have

/// The failure of the system call just made.
tl::unexpected<net::Error> failed(std::string_view doing, const std::filesystem::path& file) {
  const int error = errno;
  return net::failure(error, fmt::format("cannot {} the IMDS cache {}: {}", doing, file.string(),
                                         std::system_category().message(error)));
}

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

/// At most one byte more than allowed, so that the caller sees an excess.
std::optional<std::string> read_all(int descriptor) {
  std::string text;
  std::array<char, 16384> part{};
  while (text.size() <= kMaximumSize) {
    const auto count = ::read(descriptor, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    text.append(part.data(), static_cast<std::size_t>(count));
  }
  return text;
}

net::Result<Cached> read_text(const std::filesystem::path& file, std::string_view text) {
  const auto line_end = text.find('\n');
  if (line_end == std::string_view::npos) return damaged(file, "it has no first line");
  const auto about = parse_strictly(text.substr(0, line_end));
  if (!about) return damaged(file, about.error().what);
  const auto field = [&about](const char* key) {
    const auto found = about->find(key);
    return found != about->end() && found->is_string() ? found->get<std::string>() : std::string();
  };
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
  // Non-blocking: opening somebody's FIFO must not wait for its other end.
  const net::Descriptor stored(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!stored) return failed("open", file);
  const auto text = read_all(stored.get());
  if (!text) return failed("read", file);
  if (text->size() > kMaximumSize) {
    return net::failure(EFBIG,
                        fmt::format("the IMDS cache {} is larger than {} bytes and was not read; the next "
                                    "good answer of IMDS replaces it",
                                    file.string(), kMaximumSize));
  }
  return read_text(file, *text);
}

}  // namespace imds
