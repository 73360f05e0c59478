#pragma once

#include <string>
#include <string_view>

namespace agent::manual {

/// Text as man(7) takes it literally: nothing in it is a request or an escape, and a minus stays one.
std::string roff(std::string_view text);

/// The same in bold: what is typed as it stands.
std::string bold(std::string_view text);

/// The same in italics: what something else is put for.
std::string italic(std::string_view text);

/// ".TH NAME SECTION": no date, so that the same source makes the same page.
std::string title(std::string_view page, int section);

/// ".SH NAME"
std::string heading(std::string_view text);

/// Empty lines divide paragraphs; lines that begin with four spaces are shown as they are.
std::string paragraphs(std::string_view text);

/// A tagged paragraph. `tag` is roff already; `text` is not.
std::string item(std::string_view tag, std::string_view text);

}  // namespace agent::manual
