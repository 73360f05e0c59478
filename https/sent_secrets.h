#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "https/https.h"

namespace https {

/// What stands in the place of a text that repeats a credential.
inline constexpr std::string_view kWithheld = "(withheld: it repeats a credential)";

/// The credentials of a request, and whether what is known of its answer repeats them.
///
/// A server that is not the one it should be (a proxy, an echo service, a debug page) may send back what it
/// was sent, and its text goes on into sentences, journals and bundles. So a body or header that shares
/// kShared letters and digits in a row with a credential is withheld as a whole, where it comes in, before
/// anything is parsed, quoted or cut: what is left of a token beside a part that was found is a token, too.
/// All that is no letter or digit of ASCII is passed over, so that spaces, line ends, punctuation, control
/// and invisible characters between them hide nothing, and case does not count. A credential is known as it
/// is, reversed, in hexadecimal digits, base64 (of URLs, too) and base32, whatever stands before it there;
/// all of these under escapes of URLs, JSON or HTML, up to three layers of them. A server that takes pains
/// (enciphers, puts letters between) needs no journal of ours: it has the credential.
class SentSecrets {
 public:
  static constexpr std::size_t kShared = 12;
  /// A form with less letters and digits is a word that answers are full of.
  static constexpr std::size_t kShortest = 8;

  /// Authorization's value, without its scheme, and what the request marks as secret.
  explicit SentSecrets(const Request& request);

  [[nodiscard]] bool empty() const { return runs_.empty() && short_.empty(); }
  /// Whether the text repeats one of them, or kShared characters of it.
  [[nodiscard]] bool are_in(std::string_view text) const;

 private:
  void withhold(std::string_view secret);
  void add(std::string_view form);
  [[nodiscard]] bool are_as_they_stand_in(std::string_view text) const;

  std::unordered_set<std::uint64_t> runs_;  ///< each run of kShared letters and digits, as a number
  std::vector<std::string> short_;          ///< forms with less than that, in lower case
};

}  // namespace https
