#include "host/presentable.h"

#include <string>
#include <utility>

#include "net/foreign_text.h"

namespace host {
namespace {

/// A path is at most 4,096 bytes, a sentence about it longer; what is longer than this serves no reader.
constexpr std::size_t kLongest = 1000;

void tidy(std::string& text) { text = net::foreign_text(text, kLongest); }

template <class T, class Tidy>
void tidy_all(net::Result<T>& seen, Tidy&& each) {
  if (!seen) {
    tidy(seen.error().what);
    return;
  }
  for (auto& value : *seen) each(value);
}

template <class T>
void tidy_error(net::Result<T>& seen) {
  if (!seen) tidy(seen.error().what);
}

void tidy_chain(observed::FilterChain& chain) {
  tidy(chain.name);
  for (auto& rule : chain.rules) {
    tidy(rule.in);
    tidy(rule.out);
    tidy(rule.target);
  }
}

void tidy_hook(observed::FilterHook& hook) {
  tidy(hook.table);
  tidy(hook.chain);
  tidy(hook.policy);
  for (auto& chain : hook.chains) tidy_chain(chain);
}

std::map<std::string, std::string> tidied(const std::map<std::string, std::string>& environment) {
  std::map<std::string, std::string> tidied;
  for (const auto& [name, value] : environment)
    tidied.emplace(net::foreign_text(name, kLongest), net::foreign_text(value, kLongest));
  return tidied;
}

}  // namespace

void make_presentable(observed::HostSettings& settings) {
  tidy_all(settings.boot_sysctls, [](observed::BootSysctl& each) {
    tidy(each.value);
    tidy(each.file);
  });
  tidy_error(settings.networkd);
  if (settings.networkd) {
    tidy(settings.networkd->file);
    tidy(settings.networkd->unread_file);
  }
  tidy_error(settings.network_manager);
  if (settings.network_manager) {
    for (auto& each : settings.network_manager->unmanaged) tidy(each);
  }
  tidy_all(settings.link_files, [](observed::LinkFile& each) {
    tidy(each.link);
    tidy(each.mac_address_policy);
    tidy(each.file);
  });
  tidy_all(settings.packet_filters, [](observed::PacketFilter& each) {
    tidy(each.problem);
    tidy(each.forward_policy);
    for (auto& chain : each.forward) tidy_chain(chain);
    for (auto& hook : each.other_hooks) tidy_hook(hook);
  });
  tidy_all(settings.nft_chains, tidy_hook);
  tidy_error(settings.conntrack);
  tidy_error(settings.calico_environment);
  if (settings.calico_environment) settings.calico_environment = tidied(*settings.calico_environment);
  tidy(settings.calico_namespace);
  tidy_error(settings.bird_runs);
  tidy_error(settings.felix);
  tidy_error(settings.cns);
  tidy_error(settings.wire_server);
}

}  // namespace host
