#include "agent/history/history.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

#include "agent/config/values.h"
#include "agent/history/recorder.h"
#include "files/read.h"
#include "json/json.h"
#include "net/descriptor.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

using std::chrono::system_clock;

/// The daemon never writes more; somebody else might have.
constexpr std::size_t kLongestFile = 4 * Recorder::kFile;

/// As strptime(3) has it, UTC; nullopt where the text is not all of it.
std::optional<net::WallTime> parsed_as(const std::string& text, const char* format, std::tm fields = {}) {
  const char* end = ::strptime(text.c_str(), format, &fields);
  if (end == nullptr) return std::nullopt;
  std::chrono::milliseconds fraction{0};
  if (*end == '.') {
    auto unit = std::chrono::milliseconds(100);
    for (++end; *end >= '0' && *end <= '9'; ++end, unit /= 10) fraction += unit * (*end - '0');
  }
  if (*end == 'Z') ++end;
  if (*end != '\0') return std::nullopt;
  const auto said = std::tuple(fields.tm_mday, fields.tm_sec);
  const auto seconds = ::timegm(&fields);  // the 30th of February is the 2nd of March to it
  if (said != std::tuple(fields.tm_mday, fields.tm_sec)) return std::nullopt;
  constexpr auto kLatest = std::chrono::floor<std::chrono::seconds>(net::WallTime::max().time_since_epoch());
  if (seconds < 0 || seconds >= kLatest.count()) return std::nullopt;
  return system_clock::from_time_t(seconds) + fraction;
}

std::optional<net::WallTime> time_of(const std::string& line) {
  const auto value = json::parse(line);
  if (!value || !value->is_object()) return std::nullopt;
  return parsed_as(json::string(json::at(*value, "time")), "%Y-%m-%dT%H:%M:%S");
}

void take_lines(std::string_view text, Records& records) {
  while (!text.empty()) {
    const auto length = text.find('\n');
    auto line = std::string(text.substr(0, length));
    text.remove_prefix(length == text.npos ? text.size() : length + 1);
    if (line.empty()) continue;
    if (const auto time = time_of(line)) {
      records.list.push_back({.time = *time, .line = std::move(line)});
    } else {
      ++records.unreadable;
    }
  }
}

/// "" where there is none. No link is followed: the folder is the service user's, and root who asks may read
/// what that user may not.
net::Result<std::string> contents(const std::filesystem::path& file) {
  const net::Descriptor opened(
      ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW));
  if (!opened && errno == ENOENT) return std::string();
  if (!opened) {
    const int error = errno;
    return net::failure(
        error, fmt::format("{} cannot be read: {}", file.string(), std::generic_category().message(error)));
  }
  auto text = files::read_rest(opened, kLongestFile);
  if (!text) text.error().what = fmt::format("{} {}", file.string(), text.error().what);
  return text;
}

}  // namespace

nlohmann::json Record::value() const { return nlohmann::json::parse(line, nullptr, false); }

net::Result<Records> read_records(const std::filesystem::path& folder) {
  const auto current = current_events(folder);
  const auto earlier = earlier_events(folder);
  // The daemon may rename the one to the other between the two: what was read as the newer comes again then.
  const auto newer = contents(current);
  const auto older = contents(earlier);
  const auto& failed = newer ? older : newer;
  const auto text_of = [](const net::Result<std::string>& file) { return file ? *file : std::string(); };
  const auto late = text_of(newer);
  const auto early = text_of(older);
  if (late.empty() && early.empty()) {
    if (!failed) return net::pass_on(failed);
    return net::failure(ENOENT, fmt::format("{}: nothing is recorded there", current.string()));
  }
  Records records;
  if (!failed) records.problem = failed.error().what;
  take_lines(early, records);
  if (late.empty() || early.compare(0, late.size(), late) != 0) take_lines(late, records);
  return records;
}

Records parse_records(std::string_view text) {
  Records records;
  take_lines(text, records);
  return records;
}

net::Result<net::WallTime> parse_moment(std::string_view text, net::WallTime now) {
  const std::string word(text);
  if (const auto ago = parse_duration(text)) return now - *ago;
  const auto seconds = system_clock::to_time_t(now);
  std::tm today{};
  ::gmtime_r(&seconds, &today);
  today.tm_sec = 0;
  for (const char* format : {"%H:%M:%S", "%H:%M"}) {
    if (auto time = parsed_as(word, format, today))
      return *time > now ? *time - std::chrono::hours(24) : *time;
  }
  for (const char* format :
       {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    if (auto time = parsed_as(word, format)) return *time;
  }
  return net::failure(EINVAL, fmt::format("'{}' is no time: 2h (ago), 04:12 or 2026-11-30T04:12:00Z, in UTC",
                                          net::foreign_text(text, 100)));
}

}  // namespace agent
