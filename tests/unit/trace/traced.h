#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checks/check_table.h"
#include "checks/trace/trace.h"
#include "tests/unit/core/azure_changes.h"
#include "tests/unit/core/node_changes.h"

// Packets of healthy nodes, and what the kernel answers about them there.
namespace agent::testing {

inline trace::Question question(const std::vector<std::string>& words) {
  return *trace::parse_question(words);
}

inline trace::Way refusal(int code) { return net::failure(code, "refused"); }

/// What a healthy kernel answers of a packet from a pod with a link of its own.
inline trace::KernelAnswers answers_for(const net::Route& to_sender, const net::Route& packet) {
  trace::KernelAnswers answers;
  answers.to_sender = to_sender;
  answers.to_receiver = packet;
  answers.packet = packet;
  answers.to_node = packet;
  answers.answer = to_sender;
  answers.next_hop = packet.gateway.value_or(packet.key.destination.network());
  answers.neighbour = std::optional(observed::NeighbourEntry{.state = observed::NeighbourState::reachable,
                                                             .mac = mac("12:34:56:78:9a:bc")});
  return answers;
}

/// A node, a packet of it, and the answers about that: what cases break.
struct Asked {
  checks::Facts facts;
  trace::Question question;
  trace::KernelAnswers answers;

  [[nodiscard]] trace::Trace traced() const {
    return trace::trace_packet(facts, checks::assess(facts, {}, facts.wall), question, answers);
  }
};

inline net::Route to_pod(std::string_view address, std::uint32_t link) {
  return route(fmt::format("{}/32", address), "", link, kBoot, 0);
}

/// 10.244.1.5 (cali0a1b2c3d4e5) to a pod of worker-2, by the route table.
inline Asked udr_out() {
  auto facts = udr_with_calico();
  const auto cluster = route("10.244.0.0/16", "10.240.0.1", 2);
  return {.facts = std::move(facts),
          .question = question({"10.244.1.5", "to", "10.244.2.9"}),
          .answers = answers_for(to_pod("10.244.1.5", kFirstPodLink), cluster)};
}

/// From a pod of worker-2 to 10.244.1.5.
inline Asked udr_in() {
  auto facts = udr_with_calico();
  const auto cluster = route("10.244.0.0/16", "10.240.0.1", 2);
  return {.facts = std::move(facts),
          .question = question({"10.244.2.9", "to", "10.244.1.5"}),
          .answers = answers_for(cluster, to_pod("10.244.1.5", kFirstPodLink))};
}

inline Asked overlay_out(checks::Facts facts, std::string_view from, std::string_view to,
                         std::string_view pods, std::string_view hop) {
  auto answers = answers_for(to_pod(from, kFirstPodLink), route(pods, hop, kOverlayLink, kBoot, 0));
  answers.outer = route("10.240.0.0/24", "", 2, 2, 0);
  return {.facts = std::move(facts),
          .question = question({std::string(from), "to", std::string(to)}),
          .answers = std::move(answers)};
}

inline Asked canal_out() {
  return overlay_out(canal(), "10.244.1.5", "10.244.2.9", "10.244.2.0/24", "10.244.2.0");
}

inline Asked calico_vxlan_out() {
  return overlay_out(calico_vxlan(), "10.244.1.65", "10.244.2.70", "10.244.2.64/26", "10.244.2.64");
}

inline Asked canal_in() {
  auto asked = canal_out();
  asked.question = question({"10.244.2.9", "to", "10.244.1.5"});
  std::swap(asked.answers.to_sender, asked.answers.packet);
  asked.answers.to_receiver = asked.answers.packet;
  asked.answers.next_hop = address("10.244.1.5");
  return asked;
}

/// 10.244.1.5 behind cbr0.
inline Asked kubenet_out() {
  auto facts = udr_with_kubenet();
  const auto cluster = route("10.244.0.0/16", "10.240.0.1", 2);
  return {.facts = std::move(facts),
          .question = question({"10.244.1.5", "to", "10.244.2.9"}),
          .answers = answers_for(route("10.244.1.0/24", "", kBridgeLink, 2, 0), cluster)};
}

inline Asked azure_cni_out() {
  auto facts = azure_cni();
  return {.facts = std::move(facts),
          .question = question({"10.240.0.10", "to", "10.240.0.50"}),
          .answers = answers_for(to_pod("10.240.0.10", kFirstPodLink), route("10.240.0.0/24", "", 2, 2, 0))};
}

/// One thing that is wrong, and what becomes of the packet.
struct TraceCase {
  const char* name;
  Asked (*asked)();
  void (*change)(Asked&);
  trace::Trace::Outcome outcome;
  const char* at;        ///< the title of the hop that decides: the first that drops, or is uncertain
  const char* sentence;  ///< a part of it
  const char* check;     ///< that it names; "": none
};

/// The first of the outcome's kind.
inline const trace::TracedHop* deciding(const trace::Trace& traced) {
  const auto wanted = traced.outcome == trace::Trace::Outcome::dropped     ? trace::Verdict::dropped
                      : traced.outcome == trace::Trace::Outcome::uncertain ? trace::Verdict::uncertain
                                                                           : trace::Verdict::carried;
  for (const auto& hop : traced.hops) {
    if (hop.verdict == wanted) return &hop;
  }
  return nullptr;
}

inline std::string hops_text(const trace::Trace& traced) {
  std::string text = traced.summary + "\n";
  for (const auto& hop : traced.hops)
    text += fmt::format("{} {}: {} [{}]\n", net::name_of(trace::kVerdictNames, hop.verdict), hop.title,
                        hop.sentence, hop.check);
  return text;
}

}  // namespace agent::testing
