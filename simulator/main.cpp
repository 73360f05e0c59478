// azure-simulator: Azure's metadata service on a local address, and ARM and Kubernetes where they are asked
// for, with faults to order. A development tool.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "simulator/cloud/cloud.h"
#include "simulator/control.h"
#include "simulator/imds.h"
#include "simulator/listener.h"
#include "simulator/metadata.h"

namespace {

using simulator::Control;
using simulator::Form;
using simulator::Imds;
using simulator::cloud::Cloud;

constexpr int kUsage = 64;  // EX_USAGE of sysexits(3)

struct Arguments {
  std::string listen = "127.0.0.1:8080";
  std::string control = "127.0.0.1:8081";
  std::string document_file;
  std::string form = "virtual-machine";
  std::vector<std::string> sources;
  double per_second = simulator::RateLimit{}.per_second;
  /// With the names of files in place of PEM text until they are read; without `listen`, no cloud.
  simulator::cloud::Options cloud{.listen = "", .certificate_pem = "", .key_pem = ""};
  int ready_fd = STDOUT_FILENO;
};

std::string valid_listen(const std::string& text) {
  const auto address = simulator::parse_listen_address(text);
  return address ? "" : address.error().what;
}

std::string valid_source(const std::string& text) {
  const auto address = net::Address::parse(text);
  return address ? "" : address.error().what;
}

void describe(CLI::App& app, Arguments& arguments) {
  app.add_option("--listen", arguments.listen, "IMDS: ADDRESS:PORT, IPv4; the real one is 169.254.169.254:80")
      ->check(valid_listen)
      ->capture_default_str();
  app.add_option("--control", arguments.control, "control endpoint: ADDRESS:PORT; see GET /")
      ->check(valid_listen)
      ->capture_default_str();
  app.add_option("--document", arguments.document_file, "JSON file to serve: instance, network or interfaces")
      ->check(CLI::ExistingFile);
  app.add_option("--form", arguments.form, "document without --document")
      ->check(CLI::IsMember({"virtual-machine", "scale-set"}))
      ->capture_default_str();
  app.add_option("--allow-source", arguments.sources,
                 "accept only this source address, like IMDS; may be repeated")
      ->check(valid_source);
  app.add_option("--rate-limit", arguments.per_second, "requests per second before 429; 0 = no limit")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--ready-fd", arguments.ready_fd, "where the line 'listening on ...' goes once all listen")
      ->capture_default_str();
}

void describe_cloud(CLI::App& app, simulator::cloud::Options& cloud) {
  auto* const listen = app.add_option("--cloud-listen", cloud.listen,
                                      "ARM and Kubernetes over TLS: ADDRESS:PORT, IPv4; without it, neither")
                           ->check(valid_listen);
  const auto file = [&](const char* option, std::string& member, const char* what) {
    return app.add_option(option, member, what)->check(CLI::ExistingFile)->needs(listen);
  };
  listen->needs(file("--cloud-cert", cloud.certificate_pem, "its certificate and those above it, PEM"));
  listen->needs(file("--cloud-key", cloud.key_pem, "the certificate's key, PEM"));
  file("--cloud-client-ca", cloud.client_ca_pem, "who signs client certificates for Kubernetes, PEM");
  app.add_option("--cloud-token", cloud.tokens, "a bearer token for Kubernetes; may be repeated")
      ->needs(listen);
}

net::Result<std::string> read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file && !text.empty()) return text;
  const int error = errno == 0 ? EINVAL : errno;
  return net::failure(error, fmt::format("cannot read {}: {}", path, std::system_category().message(error)));
}

net::Result<simulator::Options> options(const Arguments& arguments) {
  simulator::Options options;
  options.listen = arguments.listen;
  options.rate_limit.per_second = arguments.per_second;
  options.document =
      default_document(arguments.form == "scale-set" ? Form::scale_set : Form::virtual_machine);
  if (!arguments.document_file.empty()) {
    auto document = read_file(arguments.document_file);
    if (!document) return net::pass_on(document);
    options.document = *std::move(document);
  }
  for (const auto& text : arguments.sources) {
    const auto source = net::Address::parse(text);
    if (!source) return net::pass_on(source);
    options.sources.push_back(*source);
  }
  return options;
}

/// None unless it is asked for.
net::Result<std::unique_ptr<Cloud>> start_cloud(simulator::cloud::Options options) {
  if (options.listen.empty()) return nullptr;
  for (auto* const pem : {&options.certificate_pem, &options.key_pem, &options.client_ca_pem}) {
    if (pem->empty()) continue;
    auto text = read_file(*pem);
    if (!text) return net::pass_on(text);
    *pem = *std::move(text);
  }
  return Cloud::start(options);
}

int complain(const net::Error& error) {
  fmt::print(stderr, "azure-simulator: {}\n", error.what);
  return 1;
}

void announce(int descriptor, const std::string& line) {
  if (::write(descriptor, line.data(), line.size()) < 0) std::perror("azure-simulator: --ready-fd");
  if (descriptor > STDERR_FILENO) ::close(descriptor);
}

int run(const Arguments& arguments) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);  // before there are threads that would take them

  const auto chosen = options(arguments);
  if (!chosen) return complain(chosen.error());
  const auto imds = Imds::start(*chosen);
  if (!imds) return complain(imds.error());
  const auto cloud = start_cloud(arguments.cloud);
  if (!cloud) return complain(cloud.error());
  auto handlers = simulator::control_handlers(**imds);
  if (*cloud) {
    for (auto& handler : simulator::cloud::control_handlers(**cloud)) handlers.push_back(std::move(handler));
  }
  const auto control = Control::start(arguments.control, handlers);
  if (!control) return complain(control.error());
  announce(arguments.ready_fd,
           fmt::format("listening on {}, control on {}{}\n", (*imds)->endpoint(), (*control)->endpoint(),
                       *cloud ? ", cloud on " + (*cloud)->endpoint() : ""));
  int signal = 0;
  sigwait(&ending, &signal);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Arguments arguments;
    CLI::App app("Azure's instance metadata service on a local address, with faults to order.",
                 "azure-simulator");
    describe(app, arguments);
    describe_cloud(app, arguments.cloud);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : kUsage;
    }
    return run(arguments);
  } catch (const std::exception& bug) {
    fmt::print(stderr, "azure-simulator: {}\n", bug.what());
    return 1;
  }
}
