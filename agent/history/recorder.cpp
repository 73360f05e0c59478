#include "agent/history/recorder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "agent/history/records.h"
#include "net/descriptor.h"

namespace agent {
namespace {

/// As many events as half a file takes go at once: none is longer than that.
constexpr std::size_t kLongestLine = Recorder::kFile / 4;

net::Error failure_of(const std::filesystem::path& file, std::string_view what) {
  const int code = errno;
  return {{code, std::system_category()},
          fmt::format("{}: {}: {}", file.string(), what, std::generic_category().message(code))};
}

/// A power cut may have left half a line: what follows is a line of its own.
net::Result<bool> ends_within_a_line(const net::Descriptor& file, off_t size,
                                     const std::filesystem::path& path) {
  if (size == 0) return false;
  char last = '\n';
  if (::pread(file.get(), &last, 1, size - 1) < 0) return tl::unexpected(failure_of(path, "cannot be read"));
  return last != '\n';
}

net::Result<void> write_all(const net::Descriptor& file, std::string_view text,
                            const std::filesystem::path& path) {
  while (!text.empty()) {
    const auto written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return tl::unexpected(failure_of(path, "cannot be written"));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

std::filesystem::path current_events(const std::filesystem::path& folder) { return folder / "events.jsonl"; }
std::filesystem::path earlier_events(const std::filesystem::path& folder) {
  return folder / "events.1.jsonl";
}

Recorder::Recorder(std::filesystem::path folder, Listeners listeners)
    : folder_(std::move(folder)),
      listeners_(std::move(listeners)),
      work_([this](const Waiting& waiting) { write(waiting); }) {}

Recorder::~Recorder() { flush(); }

bool Recorder::add(std::string line) {
  return work_.gather([&line](Waiting& waiting) {
    if (waiting.lines.size() >= kMostWaiting || line.size() > kLongestLine) {
      if (waiting.lost++ == 0) waiting.first_lost = time_of_record(line);
      return false;
    }
    waiting.lines.push_back(std::move(line));
    return waiting.lines.size() == 1;
  });
}

void Recorder::flush() { work_.begin(); }

void Recorder::lose(std::size_t count, const std::string& first) {
  if (lost_ == 0) lost_from_ = first;
  lost_ += count;
}

std::string Recorder::loss(std::string_view until) const {
  if (lost_ == 0) return "";
  auto lost = core::warning(
      core::EventKind::events_lost,
      fmt::format("{} event{} from {} on {} not recorded: {}", lost_, lost_ == 1 ? "" : "s", lost_from_,
                  lost_ == 1 ? "is" : "are", last_failure_.empty() ? "the disk hung" : last_failure_));
  lost.fields.push_back({"FROM", lost_from_});
  return event_record(lost, until) + '\n';
}

void Recorder::write(const Waiting& waiting) {
  if (waiting.lost > 0) lose(waiting.lost, waiting.first_lost);
  for (auto line = waiting.lines.begin(); line != waiting.lines.end();) {
    const auto first = line;
    auto lines = loss(time_of_record(*first));
    do lines.append(*line++).push_back('\n');
    while (line != waiting.lines.end() && lines.size() + line->size() < kFile / 2);
    const auto written = append(lines);
    if (written) {
      if (std::exchange(lost_, 0) > 0) listeners_.resumed();
    } else {
      if (written.error().what != last_failure_) listeners_.failed(written.error());
      lose(static_cast<std::size_t>(line - first), time_of_record(*first));
    }
    last_failure_ = written ? "" : written.error().what;
  }
}

net::Result<void> Recorder::append(const std::string& lines) {
  const auto path = current_events(folder_);
  const auto open = [&path] {
    return net::Descriptor(
        ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  };
  auto file = open();
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0)
    return tl::unexpected(failure_of(path, "cannot be opened"));
  if (!S_ISREG(status.st_mode))
    return net::failure(EINVAL, fmt::format("{} is no file: nothing is recorded", path.string()));
  if (static_cast<std::size_t>(status.st_size) + lines.size() + 1 > kFile && status.st_size > 0) {
    if (::rename(path.c_str(), earlier_events(folder_).c_str()) != 0)
      return tl::unexpected(failure_of(path, "cannot be renamed"));
    file = open();
    status.st_size = 0;
    if (file.get() < 0) return tl::unexpected(failure_of(path, "cannot be opened"));
  }
  const auto torn = ends_within_a_line(file, status.st_size, path);
  if (!torn) return net::pass_on(torn);
  if (auto written = write_all(file, *torn ? "\n" + lines : lines, path); !written) return written;
  ::fdatasync(file.get());  // where it fails, the lines are as safe as the system makes them
  return {};
}

}  // namespace agent
