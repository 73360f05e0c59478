#include "imds/cache.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "files/read.h"
#include "files/replace.h"
#include "imds/answer.h"
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

std::optional<system_clock::time_point> parse_saved(const std::string& text) {
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
  const auto saved = parse_saved(field("saved"));
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

namespace {

using Uuid = std::array<std::uint8_t, 16>;

constexpr std::size_t kUuidLength = 36;  // as text

/// 8-4-4-4-12 hexadecimal digits of either case; nullopt for anything else and for the two values that
/// SMBIOS (DSP0134, 7.2.1) reserves for "not set": all zeros and all ones.
std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != kUuidLength) return std::nullopt;
  Uuid uuid{};
  std::size_t at = 0;
  for (auto& byte : uuid) {
    if (at == 8 || at == 13 || at == 18 || at == 23) {
      if (text[at++] != '-') return std::nullopt;
    }
    const char* digits = text.data() + at;
    const auto [end, error] = std::from_chars(digits, digits + 2, byte, 16);
    if (error != std::errc{} || end != digits + 2) return std::nullopt;
    at += 2;
  }
  const auto all = [&uuid](std::uint8_t value) {
    return std::all_of(uuid.begin(), uuid.end(), [value](std::uint8_t byte) { return byte == value; });
  };
  if (all(0x00) || all(0xff)) return std::nullopt;
  return uuid;
}

/// The same UUID with its first three fields (4, 2 and 2 bytes) in the other byte order.
Uuid swapped(Uuid uuid) {
  std::reverse(uuid.begin(), uuid.begin() + 4);
  std::reverse(uuid.begin() + 4, uuid.begin() + 6);
  std::reverse(uuid.begin() + 6, uuid.begin() + 8);
  return uuid;
}

bool is_here(const observed::Nic& nic, std::span<const net::Link> links) {
  return std::any_of(links.begin(), links.end(), [&nic](const net::Link& link) {
    return link.mac == nic.mac && std::any_of(nic.addresses.begin(), nic.addresses.end(),
                                              [&link](const net::Address& each) { return link.has(each); });
  });
}

}  // namespace

bool same_vm(const observed::NodeNetwork& cached, const std::optional<std::string>& product_uuid,
             std::span<const net::Link> links) {
  if (const auto machine = product_uuid ? parse_uuid(*product_uuid) : std::nullopt) {
    const auto document = parse_uuid(cached.identity.vm_id);
    return document && (*document == *machine || *document == swapped(*machine));
  }
  return std::any_of(cached.nics.begin(), cached.nics.end(),
                     [links](const observed::Nic& nic) { return is_here(nic, links); });
}

std::optional<std::string> product_uuid(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string uuid;
  if (!(stream >> uuid)) return std::nullopt;
  return uuid;
}

}  // namespace imds
