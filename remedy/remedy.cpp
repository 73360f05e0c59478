#include "remedy/remedy.h"

#include "net/foreign_text.h"

namespace remedy {
namespace {

constexpr std::string_view kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
/// The longest word is an ARM resource id: names of up to 80 or 90 characters, eight of them.
constexpr std::size_t kLongestWord = 1000;

}  // namespace

std::string shell_word(std::string_view text) {
  auto shown = net::foreign_text(text, kLongestWord);
  if (!shown.empty() && shown.find_first_not_of(kPlain) == std::string::npos) return shown;
  std::string quoted = "'";
  for (const char c : shown) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string remedy_detail::Words::operator()(std::string_view text) {
  safe = safe && !text.empty() && text.front() != '-' && text.front() != '@';
  return shell_word(text);
}

std::string Remedy::text() const {
  if (text_.empty()) return "";
  const bool shown_only = is_comment_ || !is_safe_;
  auto line = shown_only ? "# " + text_ : text_;
  if (!note_.empty()) line += (shown_only ? "; " : "   # ") + note_;
  if (!is_comment_ && !is_safe_) line += "; do not paste: a name in it is empty or looks like an option";
  return line;
}

Remedy Remedy::then(const Remedy& next) const {
  if (empty()) return next;
  if (next.empty()) return *this;
  auto both = *this;
  if (is_comment_ || next.is_comment_) {
    both.add_note(is_comment_ ? next.text_ : "then " + next.text_);
  } else {
    both.text_ += " && " + next.text_;
    both.is_safe_ = is_safe_ && next.is_safe_;
  }
  both.add_note(next.note_);
  return both;
}

void Remedy::add_note(std::string_view note) {
  if (note.empty()) return;
  if (!note_.empty()) note_ += "; ";
  note_ += note;
}

}  // namespace remedy
