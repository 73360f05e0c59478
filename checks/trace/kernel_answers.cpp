#include "checks/trace/kernel_answers.h"

#include <netinet/in.h>

namespace trace {
namespace {

net::Flow flow_of(const Question& question) {
  net::Flow flow(question.to);
  if (question.protocol == Protocol::any) return flow;
  flow.ip_protocol = question.protocol == Protocol::udp ? IPPROTO_UDP : IPPROTO_TCP;
  flow.destination_port = question.port.value_or(0);
  return flow;
}

/// The link by which this node gets the packet; 0: it is its own.
std::uint32_t incoming(const checks::Facts& facts, const Question& question, const End& sender) {
  if (sender.at == End::At::pod) return sender.link->index;
  if (sender.at == End::At::node) return 0;
  const auto* link = arrival_link(facts, *question.from);
  return link == nullptr ? 0 : link->index;
}

void ask_of_overlay(net::Kernel& kernel, const checks::Facts& facts, KernelAnswers& answers) {
  const auto* link = link_at(facts, answers.packet->device);
  if (link == nullptr || !link->vxlan) return;
  const auto peer = overlay_peer(facts, *answers.packet);
  if (!peer.node) return;
  net::Flow outer(*peer.node);
  outer.from = link->vxlan->local;
  outer.ip_protocol = IPPROTO_UDP;
  outer.destination_port = link->vxlan->port;
  answers.outer = kernel.lookup(outer);
}

}  // namespace

End sender_of(const checks::Facts& facts, const Question& question, const KernelAnswers& answers) {
  if (!question.from) return {.at = End::At::node};
  return end_at(facts, *question.from, answers.to_sender);
}

End receiver_of(const checks::Facts& facts, const Question& question, const KernelAnswers& answers) {
  return end_at(facts, question.to, answers.to_receiver);
}

KernelAnswers ask_kernel(net::Kernel& kernel, PacketDetails& details, const checks::Facts& facts,
                         const Question& question) {
  KernelAnswers answers;
  if (question.from) answers.to_sender = kernel.lookup(net::Flow(*question.from));
  answers.to_receiver = kernel.lookup(net::Flow(question.to));
  const auto sender = sender_of(facts, question, answers);
  const auto receiver = receiver_of(facts, question, answers);
  if (sender.at == End::At::elsewhere && receiver.at == End::At::elsewhere) return answers;

  auto flow = flow_of(question);
  flow.from = question.from;
  flow.incoming = incoming(facts, question, sender);
  answers.packet = kernel.lookup(flow);
  if (flow.incoming == 0) answers.source = details.source_address(flow);
  if (flow.incoming != 0 && facts.nic.nic) {
    if (const auto own = facts.nic.nic->azure.primary(question.to.family())) {
      net::Flow to_node(*own);
      to_node.from = flow.from;
      to_node.incoming = flow.incoming;
      answers.to_node = kernel.lookup(to_node);
    }
  }
  if (!answers.packet || !net::leads_somewhere(answers.packet->type) || answers.packet->device == 0)
    return answers;
  const auto& route = *answers.packet;
  answers.next_hop = route.gateway.value_or(question.to);
  if (receiver.at != End::At::node)
    answers.neighbour = details.neighbour_entry(route.device, answers.next_hop);
  const auto asked_by = question.from    ? question.from
                        : answers.source ? std::optional(*answers.source)
                                         : std::nullopt;
  if (asked_by && receiver.at != End::At::node) {
    net::Flow back(*asked_by);
    back.from = question.to;
    back.incoming = route.device;
    answers.answer = kernel.lookup(back);
  }
  ask_of_overlay(kernel, facts, answers);
  return answers;
}

}  // namespace trace
