#include "agent/manual/roff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "agent/daemon/process.h"

namespace agent::manual {
namespace {

std::string upper(std::string_view text) {
  std::string all(text);
  for (auto& each : all) each = static_cast<char>(std::toupper(static_cast<unsigned char>(each)));
  return all;
}

}  // namespace

std::string roff(std::string_view text) {
  std::string all;
  bool at_start = true;
  for (const char each : text) {
    if (at_start && (each == '.' || each == '\'')) all += "\\&";
    if (each == '\\') {
      all += "\\e";
    } else if (each == '-') {
      all += "\\-";
    } else if (each == '\'') {
      all += "\\(aq";
    } else if (each == '`') {
      all += "\\(ga";
    } else {
      all += each;
    }
    at_start = each == '\n';
  }
  return all;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }

std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

std::string title(std::string_view page, int section) {
  return fmt::format(".TH {} {} \"\" \"calico\\-azure\\-agent {}\"\n.nh\n.ad l\n.ss 12 0\n",
                     roff(upper(page)), section, version());
}

std::string heading(std::string_view text) { return fmt::format(".SH {}\n", roff(text)); }

std::string paragraphs(std::string_view text) {
  std::string all;
  bool literal = false;
  bool fresh = true;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const bool shown = line.starts_with("    ");
    if (literal && !shown) {
      all += ".EE\n.RE\n.nh\n";
      literal = false;
    }
    if (line.empty()) {
      fresh = true;
      continue;
    }
    if (shown && !literal) {
      all += ".PP\n.RS 4\n.EX\n";
      literal = true;
    } else if (!shown && fresh && !all.empty()) {
      all += ".PP\n";
    }
    fresh = false;
    all += roff(shown ? line.substr(4) : line) + '\n';
  }
  return literal ? all + ".EE\n.RE\n.nh\n" : all;
}

std::string item(std::string_view tag, std::string_view text) {
  return fmt::format(".TP\n{}\n{}\n", tag, roff(text));
}

}  // namespace agent::manual
