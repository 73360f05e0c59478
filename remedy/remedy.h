#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace remedy {

/// Untrusted text as one word of a POSIX shell: in single quotes unless it consists of letters, digits and
/// _-./:=,+@% alone. Control characters are replaced as by net::foreign_text(), so that no name ends a line
/// or controls a terminal; a command with such a name then names nothing.
std::string shell_word(std::string_view text);

namespace remedy_detail {

/// How an argument is written: numbers as they are, everything else as shell words.
template <class T>
using Written = std::conditional_t<std::integral<T>, T, std::string>;

struct Words {
  bool safe = true;

  template <std::integral T>
  T operator()(T number) {
    return number;
  }
  std::string operator()(std::string_view text);
};

/// False for text with quotes or operators of a shell: an interactive zsh runs a line that begins with #.
consteval bool is_comment(std::string_view text) {
  return text.find_first_of("'`$\\!;&|<>\n") == std::string_view::npos;
}

}  // namespace remedy_detail

/// A comment's text as fmt has it, checked when it is compiled.
template <class... Args>
struct CommentText {
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view>
  consteval CommentText(const Text& text) : format(text) {  // implicit, as fmt::format_string is
    if (!remedy_detail::is_comment(text)) throw "a comment must not hold quotes or operators of a shell";
  }
  fmt::format_string<Args...> format;
};

/// The fix for a failed check: one line for a POSIX shell, safe to paste whatever the names in it.
///
/// - The command is a compile-time constant; every argument is untrusted and becomes one quoted word, or part
///   of one (`net.ipv4.conf.{}.forwarding=1`). Never put an argument between quotes of the format string.
/// - A command with an argument that is empty, or that a program would take for an option or a file (`-x`,
///   `@x`), becomes a comment.
/// - Nothing deletes, flushes or re-addresses what the agent does not own, except as a comment that gives the
///   reason, or in a form that can be undone (`mv x x.disabled`).
class Remedy {
 public:
  /// Nothing to do, or nothing known.
  Remedy() = default;

  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] std::string text() const;
  /// This, and where it succeeds that.
  [[nodiscard]] Remedy then(const Remedy& next) const;
  /// This, with more of the same command line behind it: command("ip").with(" link show dev {}", name).
  template <class... Args>
  [[nodiscard]] Remedy with(fmt::format_string<remedy_detail::Written<Args>...> text,
                            const Args&... args) const {
    auto longer = *this;
    remedy_detail::Words words;
    longer.text_ += fmt::format(text, words(args)...);
    longer.is_safe_ = is_safe_ && words.safe;
    return longer;
  }
  /// This, with a comment behind it.
  template <class... Args>
  [[nodiscard]] Remedy note(CommentText<std::type_identity_t<remedy_detail::Written<Args>>...> text,
                            const Args&... args) const {
    auto noted = *this;
    noted.add_note(comment_text(text.format, args...));
    return noted;
  }

  template <class... Args>
  friend Remedy edit(CommentText<std::type_identity_t<remedy_detail::Written<Args>>...> text,
                     const Args&... args);

 private:
  template <class Format, class... Args>
  static std::string comment_text(const Format& format, const Args&... args) {
    remedy_detail::Words words;
    return fmt::format(format, words(args)...);
  }
  void add_note(std::string_view note);

  std::string text_;
  std::string note_;
  bool is_comment_ = false;
  bool is_safe_ = true;
};

/// A command line: command("ip link set dev {} up", name).
template <class... Args>
Remedy command(fmt::format_string<remedy_detail::Written<Args>...> text, const Args&... args) {
  return Remedy().with(text, args...);
}

/// What no command does, as a comment: edit("set pods.node_cidrs in {}", file) is "# set pods.node_cidrs in
/// …".
template <class... Args>
Remedy edit(CommentText<std::type_identity_t<remedy_detail::Written<Args>>...> text, const Args&... args) {
  Remedy remedy;
  remedy.text_ = Remedy::comment_text(text.format, args...);
  remedy.is_comment_ = true;
  return remedy;
}

/// `edit` of the agent's own configuration, and when it takes effect: `systemctl reload` of a service that is
/// still starting waits for the start (systemd merges the two jobs), so until then the agent watches the
/// file.
template <class... Args>
Remedy edit_configuration(CommentText<std::type_identity_t<remedy_detail::Written<Args>>...> text,
                          const Args&... args) {
  return edit(text, args...)
      .note(
          "it takes effect by itself until the node is ready for the first time, then by "
          "systemctl reload calico-azure-agent");
}

}  // namespace remedy
