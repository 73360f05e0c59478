#include "agent/bundle/bundle.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "net/foreign_text.h"

namespace agent {
namespace {

constexpr const char* kLook = "look.json";
constexpr const char* kStatus = "status.json";
constexpr const char* kEvents = "events.jsonl";
constexpr const char* kNoEvents = "events.error";
constexpr std::size_t kLongestReason = 1000;
constexpr std::size_t kLongestName = 63;  // of a host (RFC 1123)

constexpr std::string_view kReadMe =
    "A support bundle of calico-azure-agent. It holds no credential: neither tokens, kubeconfigs and "
    "azure.json\n"
    "nor the files of others are in it, but what the agent has understood of them.\n"
    "\n"
    "The same commands that ran on the node run on this file, anywhere:\n"
    "\n"
    "    calico-azure-agent doctor --bundle FILE.tar.gz\n"
    "    calico-azure-agent status --bundle FILE.tar.gz      (--html > page.html)\n"
    "    calico-azure-agent plan --bundle FILE.tar.gz\n"
    "    calico-azure-agent explain --bundle FILE.tar.gz DESTINATION\n"
    "    calico-azure-agent history --bundle FILE.tar.gz\n"
    "\n"
    "look.json     everything that was observed: links, addresses, routes, rules, sysctls, packet filters, "
    "CNI\n"
    "              files, what IMDS, Azure and the API server answered\n"
    "status.json   /status of the agent that ran, or what it would say\n"
    "doctor.json   the checks, and plan.json the difference between wanted and present\n"
    "events.jsonl  the flight recorder, or, in events.error, why it could not be read\n"
    "config.toml   the values in force, and where each comes from\n";

std::string taken(Files& files, const char* name) {
  const auto found = files.find(name);
  return found == files.end() ? std::string() : std::move(found->second);
}

}  // namespace

std::string bundle_name(std::string_view node_name, net::WallTime time) {
  std::string node(node_name.substr(0, kLongestName));
  std::replace_if(
      node.begin(), node.end(),
      [](char c) {
        const bool is_plain = ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9');
        return !is_plain && c != '-' && c != '.';
      },
      '_');
  return fmt::format("calico-azure-agent-{}{:%Y%m%dT%H%M%S}Z", node.empty() ? "" : node + "-",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

net::Result<std::string> pack_bundle(const Bundle& bundle, Files for_people) {
  auto files = std::move(for_people);
  files["README.txt"] = kReadMe;
  files[kLook] = recorded_look_text(bundle.look);
  files[kStatus] = bundle.status;
  files[kEvents] = bundle.events;
  if (!bundle.no_events.empty()) files[kNoEvents] = bundle.no_events + '\n';
  return pack(bundle_name(bundle.look.node_name, bundle.look.time), files, bundle.look.time);
}

net::Result<Bundle> unpack_bundle(std::string_view archive) {
  auto files = unpack(archive);
  if (!files) return net::pass_on(files);
  if (!files->contains(kLook)) return net::failure(EBADMSG, fmt::format("holds no {}", kLook));
  auto look = parse_recorded_look(files->at(kLook));
  if (!look) return net::pass_on(look);
  return Bundle{.look = std::move(*look),
                .status = taken(*files, kStatus),
                .events = taken(*files, kEvents),
                .no_events = net::foreign_text(taken(*files, kNoEvents), kLongestReason)};
}

}  // namespace agent
