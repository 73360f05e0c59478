#include "agent/bundle/tape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "agent/bundle/observed_json.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

std::string routes_question(std::uint8_t protocol, std::uint32_t table) {
  return fmt::format("routes of protocol {} in table {}", protocol, table);
}

std::string routes_to_question(std::uint32_t table, std::span<const net::Prefix> destinations) {
  std::string question = fmt::format("routes of table {} to", table);
  for (const auto& each : destinations) question += " " + each.text();
  return question;
}

std::string rules_question(std::uint8_t protocol) { return fmt::format("rules of protocol {}", protocol); }

std::string lookup_question(const net::Flow& flow) {
  return fmt::format("way to {} from {} by link {} protocol {} ports {} {} tos {}", flow.to.text(),
                     flow.from ? flow.from->text() : "here", flow.incoming, flow.ip_protocol,
                     flow.source_port, flow.destination_port, flow.tos);
}

std::string sysctl_question(std::string_view key) { return fmt::format("sysctl {}", key); }

net::Error not_recorded(const std::string& question) {
  constexpr std::size_t kLongestQuestion = 200;
  return {{ENODATA, std::system_category()},
          fmt::format("the bundle does not hold it: {}", net::foreign_text(question, kLongestQuestion))};
}

tl::unexpected<net::Error> not_asked(const net::Flow& flow) {
  return net::failure(
      ENODATA, fmt::format("not known: it was not asked about {} when the bundle was made", flow.to.text()));
}

/// Passes routes on and keeps them.
class KeepingVisitor final : public net::RouteVisitor {
 public:
  explicit KeepingVisitor(net::RouteVisitor& visitor) : visitor_(visitor) {}

  void begin() override {
    kept_.resize(whole_);
    visitor_.begin();
  }
  void take(const net::Route& route) override {
    kept_.push_back(route);
    visitor_.take(route);
  }
  void end() override {
    whole_ = kept_.size();
    visitor_.end();
  }
  [[nodiscard]] const std::vector<net::Route>& kept() const { return kept_; }

 private:
  net::RouteVisitor& visitor_;
  std::vector<net::Route> kept_;
  std::size_t whole_ = 0;  ///< those of dumps that were complete
};

template <class T>
net::Result<T> kept(Tape& tape, const std::string& question, net::Result<T> answer) {
  tape.answers[question].push_back(answer);
  return answer;
}

template <class T>
net::Result<T> played(Playback& playback, const std::string& question) {
  const auto* answer = playback.next(question);
  if (answer == nullptr) return tl::unexpected(not_recorded(question));
  return answer->get<net::Result<T>>();
}

}  // namespace

net::Result<std::vector<net::Link>> TapedKernel::links() { return kept(tape_, "links", kernel_->links()); }

net::Result<void> TapedKernel::take_routes(std::uint8_t protocol, std::uint32_t table,
                                           net::RouteVisitor& visitor) {
  KeepingVisitor keeping(visitor);
  auto taken = kernel_->take_routes(protocol, table, keeping);
  auto answer = taken ? net::Result<std::vector<net::Route>>(keeping.kept()) : net::pass_on(taken);
  tape_.answers[routes_question(protocol, table)].push_back(answer);
  return taken;
}

net::Result<std::vector<net::Route>> TapedKernel::routes_to(std::uint32_t table,
                                                            std::span<const net::Prefix> destinations) {
  return kept(tape_, routes_to_question(table, destinations), kernel_->routes_to(table, destinations));
}

net::Result<std::vector<net::Rule>> TapedKernel::rules(std::uint8_t protocol) {
  return kept(tape_, rules_question(protocol), kernel_->rules(protocol));
}

std::vector<net::Result<net::Route>> TapedKernel::lookups(std::span<const net::Flow> flows) {
  auto answers = kernel_->lookups(flows);
  for (std::size_t i = 0; i < std::min(answers.size(), flows.size()); ++i)
    tape_.answers[lookup_question(flows[i])].push_back(answers[i]);
  return answers;
}

net::Result<std::vector<net::Refusal>> TapedKernel::apply(std::span<const net::Change> /*changes*/) {
  return net::failure(EROFS, "a look changes nothing");
}

net::Result<std::string> TapedSysctls::read(std::string_view key) {
  return kept(tape_, sysctl_question(key), sysctls_.read(key));
}

net::Result<void> TapedSysctls::write(std::string_view /*key*/, std::string_view /*value*/) {
  return net::failure(EROFS, "a look changes nothing");
}

const nlohmann::json* Playback::next(const std::string& question) {
  const auto found = tape_.answers.find(question);
  if (found == tape_.answers.end() || found->second.empty()) return nullptr;
  auto& position = asked_[question];
  const auto& answer = found->second[std::min(position, found->second.size() - 1)];
  ++position;
  return &answer;
}

net::Now Playback::time() {
  if (tape_.times.empty()) return {};
  return tape_.times[std::min(times_++, tape_.times.size() - 1)];
}

net::Result<std::vector<net::Link>> PlayedKernel::links() {
  return played<std::vector<net::Link>>(*playback_, "links");
}

net::Result<void> PlayedKernel::take_routes(std::uint8_t protocol, std::uint32_t table,
                                            net::RouteVisitor& visitor) {
  const auto routes = played<std::vector<net::Route>>(*playback_, routes_question(protocol, table));
  if (!routes) return net::pass_on(routes);
  visitor.begin();
  for (const auto& route : *routes) visitor.take(route);
  visitor.end();
  return {};
}

net::Result<std::vector<net::Route>> PlayedKernel::routes_to(std::uint32_t table,
                                                             std::span<const net::Prefix> destinations) {
  return played<std::vector<net::Route>>(*playback_, routes_to_question(table, destinations));
}

net::Result<std::vector<net::Rule>> PlayedKernel::rules(std::uint8_t protocol) {
  return played<std::vector<net::Rule>>(*playback_, rules_question(protocol));
}

std::vector<net::Result<net::Route>> PlayedKernel::lookups(std::span<const net::Flow> flows) {
  std::vector<net::Result<net::Route>> answers;
  answers.reserve(flows.size());
  for (const auto& flow : flows) {
    const auto* answer = playback_->next(lookup_question(flow));
    if (answer == nullptr) {
      answers.emplace_back(not_asked(flow));
    } else {
      answers.push_back(answer->get<net::Result<net::Route>>());
    }
  }
  return answers;
}

net::Result<std::vector<net::Refusal>> PlayedKernel::apply(std::span<const net::Change> /*changes*/) {
  return net::failure(EROFS, "a bundle is not changed");
}

net::Result<std::string> PlayedSysctls::read(std::string_view key) {
  return played<std::string>(*playback_, sysctl_question(key));
}

net::Result<void> PlayedSysctls::write(std::string_view /*key*/, std::string_view /*value*/) {
  return net::failure(EROFS, "a bundle is not changed");
}

}  // namespace agent
