#include "checks/trace/packet.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "checks/azure_state.h"
#include "node/azure_routing.h"
#include "remedy/remedy.h"

namespace trace {

std::optional<net::Address> Packet::source() const {
  if (question.from) return question.from;
  return answers.source ? std::optional(*answers.source) : std::nullopt;
}

std::string Packet::source_text() const {
  const auto address = source();
  return address ? address->text() : "this node";
}

bool Packet::is_near() const {
  if (is_cluster_pod(facts, question.to)) return true;
  if (!facts.network) return false;
  const auto& nics = facts.network->nics;
  return std::any_of(nics.begin(), nics.end(), [host = net::Prefix::host(question.to)](const auto& nic) {
    return net::any_contains(nic.subnets, host);
  });
}

bool Packet::may_be_service() const {
  const auto& to = question.to;
  if (receiver.at != End::At::elsewhere || !is_private(to) || is_near()) return false;
  const auto& azure = facts.cloud_state->azure;
  if (!azure) return true;
  const auto host = net::Prefix::host(to);
  const bool in_network = azure->network && (net::any_contains(azure->network->address_space, host) ||
                                             net::any_contains(azure->network->peered, host));
  if (in_network) return false;
  const auto* table = azure->route_table && *azure->route_table ? &**azure->route_table : nullptr;
  const auto choice = node::azure_choice(table, nullptr, to);
  return choice.route.empty() || choice.prefix.length() == 0;
}

bool Packet::is_of_azures_overlay(const net::Address& pod) const {
  return facts.policy.mode == node::Mode::azure_cni && facts.nic.nic && !checks::is_own_address(facts, pod);
}

bool Packet::is_switched() const {
  return sender.is_behind_bridge && receiver.is_behind_bridge && sender.link == receiver.link;
}

const net::Link* Packet::leaves_by() const {
  if (is_switched()) return receiver.link;
  return answers.packet ? link_at(facts, answers.packet->device) : nullptr;
}

const net::Link* Packet::comes_by() const {
  if (sender.at == End::At::node) return nullptr;
  return sender.at == End::At::pod ? sender.link : arrival_link(facts, *question.from);
}

const checks::CheckResult* failing(const Packet& packet, std::initializer_list<std::string_view> ids) {
  for (const auto id : ids) {
    const auto found = std::find_if(packet.checks.begin(), packet.checks.end(), [id](const auto& each) {
      return each.id == id && each.status == checks::CheckStatus::fail;
    });
    if (found != packet.checks.end()) return &*found;
  }
  return nullptr;
}

namespace {

TracedHop by_check(const Packet& packet, TracedHop hop, std::initializer_list<std::string_view> ids) {
  if (const auto* check = failing(packet, ids)) {
    hop.check = check->id;
    hop.remedy = check->remedy;
  }
  return hop;
}

}  // namespace

TracedHop dropped(const Packet& packet, checks::Hop hop, std::string title, std::string sentence,
                  std::initializer_list<std::string_view> ids) {
  return by_check(
      packet,
      {.hop = hop, .title = std::move(title), .verdict = Verdict::dropped, .sentence = std::move(sentence)},
      ids);
}

TracedHop uncertain(const Packet& packet, checks::Hop hop, std::string title, std::string sentence,
                    std::initializer_list<std::string_view> ids) {
  return by_check(
      packet,
      {.hop = hop, .title = std::move(title), .verdict = Verdict::uncertain, .sentence = std::move(sentence)},
      ids);
}

TracedHop carried(checks::Hop hop, std::string title, std::string sentence) {
  return {
      .hop = hop, .title = std::move(title), .verdict = Verdict::carried, .sentence = std::move(sentence)};
}

namespace {

remedy::Remedy same_question(const Packet& packet) {
  // There the sender is no "node": its address stands for it.
  auto question = packet.question;
  question.from = packet.source();
  return question.from ? remedy::command("calico-azure-agent explain {} to {}", question.from->text(),
                                         destination_text(question))
                       : remedy::command("calico-azure-agent doctor");
}

}  // namespace

std::string ask_on_node(const Packet& packet, const net::Address& node) {
  return same_question(packet).note("on node {}", node.text()).text();
}

std::string ask_where(const Packet& packet, const net::Address& there) {
  return same_question(packet).note("on the node that has {}", there.text()).text();
}

std::string ask_for_service(const net::Address& address) {
  return remedy::command("kubectl get services --all-namespaces | grep -wF {}", address.text())
      .note(
          "then kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=NAME, and explain the "
          "way to one of those")
      .text();
}

}  // namespace trace
