#include "simulator/cloud/files.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

namespace simulator::cloud {
namespace {

net::Result<std::string> read(const std::string& path) {
  if (path.empty()) return std::string();
  errno = 0;
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file && !text.empty()) return text;
  const int error = errno == 0 ? EINVAL : errno;
  return net::failure(error, fmt::format("cannot read {}: {}", path, std::system_category().message(error)));
}

}  // namespace

net::Result<Options> read_files(const Files& files) {
  Options options{.listen = files.listen, .certificate_pem = {}, .key_pem = {}, .tokens = files.tokens};
  const auto fill = [](std::string& member, const std::string& path) {
    return read(path).map([&member](const std::string& text) { member = text; });
  };
  if (const auto done = fill(options.certificate_pem, files.certificate); !done) return net::pass_on(done);
  if (const auto done = fill(options.key_pem, files.key); !done) return net::pass_on(done);
  if (const auto done = fill(options.client_ca_pem, files.client_ca); !done) return net::pass_on(done);
  return options;
}

}  // namespace simulator::cloud
