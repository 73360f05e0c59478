// Whatever is in the files that hold a node's credentials, and in the kubelet's: refused or understood, and
// no error repeats what may be a secret.
#include <cctype>
#include <cstdint>
#include <string>

#include "kubernetes/kubeconfig.h"
#include "kubernetes/local_files.h"
#include "kubernetes/node_json.h"
#include "tests/fuzz/promise.h"

namespace {

/// The same text with other words.
std::string with_other_words(std::string_view text) {
  std::string other(text);
  for (char& c : other) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) c = 'x';
  }
  return other;
}

/// No 24 characters in a row of the file are in the sentence, unless they are our own words: what is said of
/// `other` words, too, or shorter.
template <class T>
bool tells_nothing(const net::Result<T>& result, std::string_view text, const net::Result<T>& other) {
  constexpr std::size_t kLong = 24;
  if (result) return true;
  for (std::size_t at = 0; at + kLong <= text.size(); ++at) {
    const auto part = text.substr(at, kLong);
    const bool is_ours = !other && other.error().what.find(part) != std::string::npos;
    if (!is_ours && result.error().what.find(part) != std::string::npos) return false;
  }
  return true;
}

/// A kubeconfig like a node's with this text as the credential `field`.
net::Result<kubernetes::Access> access_with(std::string_view field, std::string_view text) {
  std::string quoted;  // as YAML has it between single quotes
  for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
  const MemoryFile file(
      std::string("current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
                  "clusters: [{name: c, cluster: {server: 'https://10.0.0.1'}}]\n"
                  "users:\n- name: u\n  user:\n    ")
          .append(field)
          .append(": '")
          .append(quoted)
          .append("'"));
  return kubernetes::read_kubeconfig(file.path());
}

/// Whatever it is, no error repeats it.
void take_as_secret(std::string_view field, std::string_view text) {
  const auto access = access_with(field, text);
  require(is_explained(access) && tells_nothing(access, text, access_with(field, "another secret")));
}

}  // namespace

// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto cloud = kubernetes::parse_cloud_config(text);
  require(is_explained(cloud) &&
          tells_nothing(cloud, text, kubernetes::parse_cloud_config(with_other_words(text))));
  const MemoryFile file(text);
  const auto access = kubernetes::read_kubeconfig(file.path());
  require(is_explained(access));  // it may name files, which are in the text
  require(!access || (access->server.starts_with("https://") && !access->server.ends_with('/')));
  for (const auto* field : {"token", "client-key-data", "password"}) take_as_secret(field, text);
  for (const auto& address : kubernetes::cluster_dns(text)) {
    require(net::Address::parse(address.text()) == address);
  }
  const auto decoded = kubernetes::from_base64(text);
  require(!decoded || decoded->size() * 4 <= text.size() * 3);
  (void)kubernetes::from_rfc3339(text);
  return 0;
}
