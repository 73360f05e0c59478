#include "kubernetes/kubeconfig.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "https/server.h"
#include "kubernetes/local_files.h"
#include "kubernetes/yaml.h"
#include "net/foreign_text.h"

namespace kubernetes {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned digits = 0;
  unsigned padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos || padding > 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    ++digits;
    // Of four digits the first completes no byte.
    if (digits % 4 != 1) bytes += static_cast<char>(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xff);
  }
  if ((digits + padding) % 4 != 0 || padding > 2) return std::nullopt;
  return bytes;
}

namespace {

/// Both are normal.
bool is_below(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end() && rest != path.end();
}

/// A kubeconfig and the sentences about it.
class Kubeconfig {
 public:
  Kubeconfig(const std::filesystem::path& file, FilesOf whose, const YAML::Node& root)
      : file_(file), whose_(whose), root_(root) {}

  net::Result<Access> access() const {
    const auto current = text(root_, "current-context");
    if (!current) return net::pass_on(current);
    if (current->empty()) return refuse(EINVAL, "has no current-context");
    const auto context = entry("contexts", "context", *current);
    if (!context) return net::pass_on(context);
    const auto cluster_name = text(*context, "cluster");
    if (!cluster_name) return net::pass_on(cluster_name);
    const auto user_name = text(*context, "user");
    if (!user_name) return net::pass_on(user_name);
    const auto cluster = entry("clusters", "cluster", *cluster_name);
    if (!cluster) return net::pass_on(cluster);
    const auto user = entry("users", "user", *user_name);
    if (!user) return net::pass_on(user);

    Access access;
    access.source = file_.string();
    if (const auto done = take_cluster(*cluster, access); !done) return net::pass_on(done);
    if (const auto done = take_user(*user, access); !done) return net::pass_on(done);
    return access;
  }

 private:
  tl::unexpected<net::Error> refuse(int code, std::string_view what) const {
    constexpr std::size_t kLongest = 1000;  // it may name a file, as the kubeconfig has it
    return net::failure(
        code, fmt::format("the kubeconfig {} {}", file_.string(), net::foreign_text(what, kLongest)));
  }

  /// Empty where it is not there; EBADMSG for a list or a map.
  net::Result<std::string> text(const YAML::Node& from, std::string_view name) const {
    const auto value = member(from, name);
    if (value.IsNull()) return "";
    if (!value.IsScalar()) return refuse(EBADMSG, fmt::format("has a {} that is no text", name));
    return value.Scalar();
  }

  net::Result<YAML::Node> entry(std::string_view list, std::string_view kind, const std::string& name) const {
    const auto all = member(root_, list);
    if (!all.IsSequence()) return refuse(EBADMSG, fmt::format("has no list of {}", list));
    for (const auto& each : all) {
      const auto label = member(each, "name");
      if (!label.IsScalar() || label.Scalar() != name) continue;
      const auto found = member(each, kind);
      if (found.IsMap()) return found;
      return refuse(EBADMSG, fmt::format("has a {} '{}' without content", kind, net::foreign_text(name, 80)));
    }
    return refuse(EINVAL, fmt::format("has no {} '{}'", kind, net::foreign_text(name, 80)));
  }

  net::Result<std::filesystem::path> file_of(const YAML::Node& from, std::string_view name) const {
    const auto value = text(from, name);
    if (!value) return net::pass_on(value);
    if (value->empty()) return std::filesystem::path();
    auto path = file_.parent_path() / *value;
    if (whose_ == FilesOf::root && !is_credentials_place(path.lexically_normal())) {
      return refuse(EACCES, fmt::format("names a {} that is not read for the agent: it is neither in the "
                                        "kubeconfig's folder nor in /etc/kubernetes or /var/lib/kubelet/pki",
                                        name));
    }
    return path;
  }

  /// Root's kubeconfig is believed, yet no more than it has to be: a node has many secrets of others.
  [[nodiscard]] bool is_credentials_place(const std::filesystem::path& path) const {
    for (const auto& folder :
         {file_.parent_path().lexically_normal(), std::filesystem::path("/etc/kubernetes"),
          std::filesystem::path("/var/lib/kubelet/pki")}) {
      if (is_below(path, folder)) return true;
    }
    return false;
  }

  /// NAME-data in base64, which counts, or else the file NAME.
  net::Result<std::string> pem(const YAML::Node& from, const std::string& name) const {
    const auto data = text(from, name + "-data");
    if (!data) return net::pass_on(data);
    if (!data->empty()) {
      const auto decoded = from_base64(*data);
      if (!decoded) return refuse(EBADMSG, fmt::format("has a {}-data that is not base64", name));
      return *decoded;
    }
    const auto path = file_of(from, name);
    if (!path) return net::pass_on(path);
    if (path->empty()) return "";
    auto contents = read_file(*path, whose_);
    if (!contents) {
      return refuse(contents.error().code.value(),
                    fmt::format("names a {}: {}", name, contents.error().what));
    }
    if (contents->empty())
      return refuse(EINVAL, fmt::format("names a {} that is empty: {}", name, path->string()));
    return contents;
  }

  net::Result<void> take_cluster(const YAML::Node& cluster, Access& access) const {
    auto server = text(cluster, "server");
    if (!server) return net::pass_on(server);
    if (!server->starts_with("https://"))
      return refuse(EINVAL, "has a server that does not begin with https://");
    while (server->ends_with('/')) server->pop_back();
    // None of its words: a URL may hold a password or a signature.
    if (const auto url = https::parse_url(*server); !url)
      return refuse(EINVAL, "has a server that is not used: " + url.error().what);
    if (server->find('?') != std::string::npos) return refuse(EINVAL, "has a server with a query");
    access.server = *server;
    const auto insecure = text(cluster, "insecure-skip-tls-verify");
    if (!insecure) return net::pass_on(insecure);
    bool skip = false;
    if (!insecure->empty() && !YAML::convert<bool>::decode(YAML::Node(*insecure), skip)) {
      return refuse(EBADMSG, "has an insecure-skip-tls-verify that is neither true nor false");
    }
    if (skip) {
      return refuse(EOPNOTSUPP,
                    "sets insecure-skip-tls-verify: true, which is not done: give certificate-authority");
    }
    const auto proxy = text(cluster, "proxy-url");
    if (!proxy) return net::pass_on(proxy);
    if (!proxy->empty())
      return refuse(EOPNOTSUPP, "sets proxy-url: a proxy is not used; reach the server directly");
    const auto name = text(cluster, "tls-server-name");
    if (!name) return net::pass_on(name);
    access.identity.server_name = *name;
    auto ca = pem(cluster, "certificate-authority");
    if (!ca) return net::pass_on(ca);
    access.identity.ca_pem = std::move(*ca);
    return {};
  }

  net::Result<void> take_user(const YAML::Node& user, Access& access) const {
    for (const auto* how : {"exec", "auth-provider", "username", "password"}) {
      if (member(user, how).IsNull()) continue;
      return refuse(EOPNOTSUPP,
                    fmt::format("authenticates by {}, which is not done: give a kubeconfig with a client "
                                "certificate, a token or a tokenFile",
                                how));
    }
    auto certificate = pem(user, "client-certificate");
    if (!certificate) return net::pass_on(certificate);
    auto key = pem(user, "client-key");
    if (!key) return net::pass_on(key);
    if (certificate->empty() != key->empty()) {
      return refuse(EINVAL, "has only one of client-certificate and client-key");
    }
    access.identity.client_certificate_pem = std::move(*certificate);
    access.identity.client_key_pem = std::move(*key);
    return take_token(user, access);
  }

  /// The file counts before the token beside it, as in client-go.
  net::Result<void> take_token(const YAML::Node& user, Access& access) const {
    const auto path = file_of(user, "tokenFile");
    if (!path) return net::pass_on(path);
    auto token = path->empty() ? text(user, "token") : read_token(*path, whose_);
    if (!token) {
      if (path->empty()) return net::pass_on(token);
      return refuse(token.error().code.value(), "names a tokenFile: " + token.error().what);
    }
    access.token = std::move(*token);
    if (access.token.empty() && access.identity.client_certificate_pem.empty()) {
      return refuse(EINVAL, "gives its user neither a client certificate nor a token");
    }
    return {};
  }

  const std::filesystem::path& file_;
  FilesOf whose_;
  YAML::Node root_;
};

}  // namespace

net::Result<Access> read_kubeconfig(const std::filesystem::path& file, FilesOf whose) {
  const auto contents = read_file(file, whose);
  if (!contents) return net::pass_on(contents);
  const auto root = parse_yaml(*contents);
  if (!root) {
    return net::failure(EBADMSG, fmt::format("the kubeconfig {} is {}", file.string(), root.error().what));
  }
  try {
    return Kubeconfig(file, whose, *root).access();
  } catch (const YAML::Exception&) {
    return net::failure(EBADMSG, fmt::format("the kubeconfig {} cannot be understood", file.string()));
  }
}

}  // namespace kubernetes
