#include "agent/bundle/archive.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>

namespace agent {
namespace {

// pax(1), "ustar Interchange Format".
constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameLength = 100;
struct Field {
  std::size_t at;
  std::size_t length;
};
constexpr Field kMode{100, 8};
constexpr Field kUser{108, 8};
constexpr Field kGroup{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kTime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr std::size_t kType = 156;
constexpr Field kMagic{257, 8};
constexpr char kPlainFile = '0';
// zlib.h, inflateInit2(): 15 bits of window, and a gzip header.
constexpr int kGzip = 15 + 16;

void write_octal(std::string& block, Field field, std::uint64_t number) {
  block.replace(field.at, field.length - 1, fmt::format("{:0{}o}", number, field.length - 1));
}

std::optional<std::uint64_t> read_octal(std::string_view block, Field field) {
  auto text = block.substr(field.at, field.length);
  text = text.substr(0, text.find_first_of(std::string_view(" \0", 2)));
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 8);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Of a header, its own field as blanks.
std::uint64_t checksum(std::string block) {
  block.replace(kChecksum.at, kChecksum.length, kChecksum.length, ' ');
  std::uint64_t sum = 0;
  for (const char byte : block) sum += static_cast<unsigned char>(byte);
  return sum;
}

std::string header_of(const std::string& name, std::size_t size, std::uint64_t seconds) {
  std::string block(kBlock, '\0');
  block.replace(0, name.size(), name);
  write_octal(block, kMode, 0600);
  write_octal(block, kUser, 0);
  write_octal(block, kGroup, 0);
  write_octal(block, kSize, size);
  write_octal(block, kTime, seconds);
  block[kType] = kPlainFile;
  block.replace(kMagic.at, kMagic.length,
                std::string_view("ustar\0"
                                 "00",
                                 8));
  block.replace(kChecksum.at, kChecksum.length, fmt::format("{:06o}{} ", checksum(block), '\0'));
  return block;
}

std::size_t padding_after(std::size_t size) { return (kBlock - size % kBlock) % kBlock; }

net::Result<std::string> compressed(std::string& text) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return net::failure(ENOMEM, "zlib: no memory");
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (ended != Z_STREAM_END) return net::failure(EIO, "zlib: cannot compress");
  return out;
}

net::Result<std::string> decompressed(std::string_view archive) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzip) != Z_OK) return net::failure(ENOMEM, "zlib: no memory");
  std::string in(archive);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  std::string out;
  std::array<char, 1 << 16> part{};
  int state = Z_OK;
  while (state == Z_OK && out.size() <= kLargestArchive) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = part.size();
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(part.data(), part.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.size() > kLargestArchive)
    return net::failure(EFBIG, fmt::format("is larger than {} MiB", kLargestArchive >> 20U));
  if (state != Z_STREAM_END) return net::failure(EBADMSG, "is no gzip file, or a part of one");
  return out;
}

}  // namespace

net::Result<std::string> pack(std::string_view folder, const Files& files, net::WallTime time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  std::string tar;
  for (const auto& [file, text] : files) {
    const auto name = fmt::format("{}/{}", folder, file);
    if (name.size() > kNameLength) return net::failure(ENAMETOOLONG, name + ": its name is too long");
    if (tar.size() + text.size() > kLargestArchive)
      return net::failure(EFBIG,
                          fmt::format("{} would make it larger than {} MiB", name, kLargestArchive >> 20U));
    tar += header_of(name, text.size(), static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)));
    tar += text;
    tar.append(padding_after(text.size()), '\0');
  }
  tar.append(2 * kBlock, '\0');
  return compressed(tar);
}

net::Result<Files> unpack(std::string_view archive) {
  const auto tar = decompressed(archive);
  if (!tar) return net::pass_on(tar);
  Files files;
  std::string_view rest = *tar;
  while (rest.size() >= kBlock && rest.front() != '\0') {
    const auto block = rest.substr(0, kBlock);
    const auto size = read_octal(block, kSize);
    if (!size || read_octal(block, kChecksum) != checksum(std::string(block)))
      return net::failure(EBADMSG, "is no tar archive");
    rest.remove_prefix(kBlock);
    if (*size > rest.size()) return net::failure(EBADMSG, "ends within a file");
    auto name = std::string(block.substr(0, std::min(block.find('\0'), kNameLength)));
    name.erase(0, name.rfind('/') + 1);
    const bool is_plain = block[kType] == kPlainFile || block[kType] == '\0';
    if (is_plain && !name.empty()) files.insert_or_assign(name, std::string(rest.substr(0, *size)));
    rest.remove_prefix(std::min(rest.size(), *size + padding_after(*size)));
  }
  return files;
}

}  // namespace agent
