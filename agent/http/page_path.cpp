// The way of a packet as SVG. Nothing wraps in SVG and nothing is cut by itself, so lines are broken here, by
// characters: names of links and nodes may be long.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/http/page_html.h"

namespace agent::http {
namespace {

using checks::Hop;
using core::HopState;
using core::PathHop;

constexpr int kRadius = 14;
constexpr int kLine = 16;

/// Whose the station is.
std::string_view owner_of(Hop hop) {
  switch (hop) {
    case Hop::route_table:
    case Hop::network:
      return "Azure";
    case Hop::peer_nic:
    case Hop::peer_overlay:
    case Hop::peer_pod:
      return "another node";
    case Hop::none:
    case Hop::pod:
    case Hop::link:
    case Hop::route:
    case Hop::overlay:
    case Hop::nic:
      break;
  }
  return "this node";
}

/// Broken at blanks; a word that is too long is cut, and so is what needs more lines.
std::vector<std::string> lines_of(std::string_view text, std::size_t width, std::size_t most) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto blank = std::min(text.find(' '), text.size());
    const auto word = shortened(text.substr(0, blank), width);
    text.remove_prefix(std::min(blank + 1, text.size()));
    if (!lines.empty() && characters_of(lines.back()) + 1 + characters_of(word) <= width) {
      lines.back().append(" ").append(word);
    } else if (lines.size() == most) {
      lines.back() = shortened(lines.back() + "……", width);
      break;
    } else {
      lines.push_back(word);
    }
  }
  return lines;
}

struct Point {
  int x = 0;
  int y = 0;
};

void write_text(Html& html, Point at, std::string_view kind, std::string_view text) {
  html << fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\">", at.x, at.y, kind);
  html.text(text) << "</text>";
}

void write_mark(Html& html, Point at, HopState state) {
  std::string_view shape;
  switch (state) {
    case HopState::good:
      shape = "M-5.5 .5l4 4 7-8";
      break;
    case HopState::broken:
      shape = "M-4.5-4.5l9 9m0-9l-9 9";
      break;
    case HopState::warning:
      shape = "M0-6v7m0 4v.01";
      break;
    case HopState::unknown:
      shape = "M-3.5-2.5c0-5 7-5 7-.5c0 2.5-3.5 2.5-3.5 5m0 3.5v.01";
      break;
  }
  html << fmt::format(
      "<g class=\"mark {}\" transform=\"translate({} {})\"><circle r=\"{}\"></circle>"
      "<path d=\"{}\"></path></g>",
      badge_of(state).tone, at.x, at.y, kRadius, shape);
}

void write_wire(Html& html, Point from, Point to, bool reached) {
  html << fmt::format("<path class=\"wire{}\" d=\"M{} {}L{} {}\"></path>", reached ? "" : " cut", from.x,
                      from.y, to.x, to.y);
}

void write_ground(Html& html, Point at, Point size, int label, std::string_view owner) {
  html << fmt::format("<rect class=\"ground\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"10\"></rect>",
                      at.x, at.y, size.x, size.y);
  write_text(html, {at.x + label, at.y + 20}, "owner", owner);
}

std::string said_of(const PathHop& hop) {
  auto text = std::string(net::name_of(checks::kHopNames, hop.hop));
  if (!hop.at.empty()) text += ", " + hop.at;
  return text.append(": ").append(core::hop_state_name(hop.state));
}

/// The picture in words, for who does not see it.
void begin_picture(Html& html, std::string_view kind, Point size, const std::vector<PathHop>& path) {
  html << fmt::format(
      "<svg class=\"{0}\" role=\"img\" viewBox=\"0 0 {1} {2}\" aria-labelledby=\"{0}-title {0}-desc\">"
      "<title id=\"{0}-title\">The way of a packet, hop by hop</title><desc id=\"{0}-desc\">",
      kind, size.x, size.y);
  for (const auto& hop : path) {
    if (&hop != &path.front()) html << "; ";
    html.text(said_of(hop));
  }
  html << "</desc>\n";
}

/// First and last of neighbours with one owner.
struct Stretch {
  std::size_t first = 0;
  std::size_t last = 0;
};

std::vector<Stretch> stretches_of(const std::vector<PathHop>& path) {
  std::vector<Stretch> stretches;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i > 0 && owner_of(path[i].hop) == owner_of(path[i - 1].hop)) {
      stretches.back().last = i;
    } else {
      stretches.push_back({i, i});
    }
  }
  return stretches;
}

/// The first hop that a packet does not get past; all of them, where there is none.
std::size_t end_of(const std::vector<PathHop>& path) {
  const auto broken = std::find_if(path.begin(), path.end(),
                                   [](const PathHop& hop) { return hop.state == HopState::broken; });
  return static_cast<std::size_t>(broken - path.begin());
}

void draw_wide(Html& html, const std::vector<PathHop>& path) {
  constexpr int kWidth = 960;
  constexpr std::size_t kMostLines = 3;
  const int column = kWidth / static_cast<int>(path.size());
  const auto characters = static_cast<std::size_t>((column - 8) / 7);
  std::vector<std::vector<std::string>> texts;
  std::size_t most = 0;
  for (const auto& hop : path) {
    texts.push_back(lines_of(hop.at, characters, kMostLines));
    most = std::max(most, texts.back().size());
  }
  const int height = 124 + static_cast<int>(most) * kLine;
  begin_picture(html, "wide", {kWidth, height}, path);
  for (const auto& stretch : stretches_of(path)) {
    const int left = static_cast<int>(stretch.first) * column;
    const int right = static_cast<int>(stretch.last + 1) * column;
    write_ground(html, {left + 3, 0}, {right - left - 6, height}, 12, owner_of(path[stretch.first].hop));
  }
  const auto middle_of = [column](std::size_t i) { return static_cast<int>(i) * column + column / 2; };
  for (std::size_t i = 0; i < path.size(); ++i) {
    const int x = middle_of(i);
    if (i > 0) write_wire(html, {middle_of(i - 1) + 21, 54}, {x - 21, 54}, i <= end_of(path));
    write_mark(html, {x, 54}, path[i].state);
    write_text(html, {x, 91}, "name", net::name_of(checks::kHopNames, path[i].hop));
    write_text(html, {x, 109}, std::string("state ").append(badge_of(path[i].state).tone),
               core::hop_state_name(path[i].state));
    for (std::size_t line = 0; line < texts[i].size(); ++line)
      write_text(html, {x, 128 + static_cast<int>(line) * kLine}, "at", texts[i][line]);
    html << "\n";
  }
  html << "</svg>\n";
}

void draw_narrow(Html& html, const std::vector<PathHop>& path) {
  constexpr int kWidth = 320;
  constexpr std::size_t kCharacters = 35;
  constexpr int kHead = 30;
  constexpr int kGap = 6;
  constexpr int kRow = 50;
  const auto stretches = stretches_of(path);
  const int height =
      static_cast<int>(path.size()) * kRow + static_cast<int>(stretches.size()) * (kHead + kGap) - kGap;
  begin_picture(html, "narrow", {kWidth, height}, path);
  int y = 0;
  Point before;
  for (const auto& stretch : stretches) {
    const int rows = static_cast<int>(stretch.last - stretch.first + 1);
    write_ground(html, {0, y}, {kWidth, kHead + rows * kRow}, 52, owner_of(path[stretch.first].hop));
    y += kHead;
    for (auto i = stretch.first; i <= stretch.last; ++i, y += kRow) {
      const Point at{26, y + 18};
      if (i > 0) write_wire(html, {before.x, before.y + 18}, {at.x, at.y - 18}, i <= end_of(path));
      before = at;
      write_mark(html, at, path[i].state);
      const auto line = shortened(path[i].at, kCharacters);
      const int name_at = line.empty() ? at.y + 5 : at.y - 3;
      write_text(html, {52, name_at}, "name", net::name_of(checks::kHopNames, path[i].hop));
      write_text(html, {308, name_at}, std::string("state ").append(badge_of(path[i].state).tone),
                 core::hop_state_name(path[i].state));
      if (!line.empty()) write_text(html, {52, at.y + 14}, "at", line);
      html << "\n";
    }
    y += kGap;
  }
  html << "</svg>\n";
}

/// The hops of a state with the checks that say so.
void write_names(Html& html, const std::vector<PathHop>& path, const core::Snapshot& snapshot,
                 HopState state) {
  bool first = true;
  for (const auto& hop : path) {
    if (hop.state != state) continue;
    html << (first ? "" : ", ") << "<b>" << net::name_of(checks::kHopNames, hop.hop) << "</b>";
    first = false;
    std::string ids;
    for (const auto& check : snapshot.checks) {
      if (check.status == checks::CheckStatus::fail && check.gate == (state == HopState::broken) &&
          std::find(hop.checks.begin(), hop.checks.end(), check.id) != hop.checks.end())
        ids += (ids.empty() ? "" : ", ") + check.id;
    }
    (html << " (").text(ids) << ")";
  }
}

void write_caption(Html& html, const std::vector<PathHop>& path, const core::Snapshot& snapshot) {
  const auto has = [&path](HopState state) {
    return std::any_of(path.begin(), path.end(), [state](const PathHop& hop) { return hop.state == state; });
  };
  html << "<p>";
  if (has(HopState::broken)) {
    html << "Broken at ";
    write_names(html, path, snapshot, HopState::broken);
    html << ". ";
  }
  if (has(HopState::warning)) {
    html << "A warning at ";
    write_names(html, path, snapshot, HopState::warning);
    html << ". ";
  }
  html << "<span class=\"quiet\">The other node is not looked at from here: its own page shows its "
          "side.</span>"
          "</p>\n";
}

}  // namespace

void write_path(Html& html, const core::Snapshot& snapshot) {
  const auto path = core::packet_path(snapshot);
  begin_section(html, "path", "The way of a pod’s packet to another node");
  draw_wide(html, path);
  draw_narrow(html, path);
  write_caption(html, path, snapshot);
  end_section(html);
}

}  // namespace agent::http
