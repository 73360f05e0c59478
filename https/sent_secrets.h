#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "https/https.h"

namespace https {

/// The credentials of a request, and how they are kept out of what is known of its answer.
///
/// A server that is not the one it should be (a proxy, an echo service, a debug page) may send back what it
/// was sent, and what it says goes on into sentences, journals and bundles. So it is blotted out where it
/// comes in, before anything is parsed, quoted or cut: whatever shares kShared characters in a row with a
/// credential, as it is, in base64 (of any two of its neighbours) or in hexadecimal digits; all of these in
/// any case, and under escapes of URLs, JSON or HTML, up to three layers of them. That is what software does
/// to a header's value that it quotes. A server that takes pains (enciphers, reverses) needs no journal of
/// ours: it has the credential. Less than kShared characters of a token are none.
class SentSecrets {
 public:
  static constexpr std::size_t kShared = 16;
  /// A shorter one is a word that answers are full of.
  static constexpr std::size_t kShortest = 8;

  /// Authorization's value, without its scheme, and what the request says to be secret too.
  explicit SentSecrets(const Request& request);

  [[nodiscard]] bool empty() const { return runs_.empty() && short_.empty(); }
  /// Puts '*' over what must not be known. The text keeps its length and, where it is JSON, its shape.
  void blot_out(std::string& text) const;

 private:
  void withhold(std::string_view secret);
  void add(std::string form);

  std::unordered_set<std::string> runs_;  ///< each run of kShared characters, in lower case
  std::vector<std::string> short_;        ///< forms with less than that
};

}  // namespace https
