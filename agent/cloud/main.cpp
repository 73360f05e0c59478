// Asks Azure Resource Manager and the Kubernetes API server on behalf of the daemon, which has the rights to
// change routes and therefore neither TLS nor secrets. A question a line on standard input; a line of
// the cloud state on standard output whenever it has changed. Ends with its input.
//
// As a child of the daemon's, or of `doctor`, it has the rights of who asks, and reads the files that the
// question names. As a service of its own it may read more: then it goes by its own configuration.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "agent/cloud/audit.h"
#include "agent/cloud/cloud_state_json.h"
#include "agent/cloud/followers.h"
#include "agent/cloud/own_configuration.h"
#include "agent/cloud/privileges.h"
#include "net/foreign_text.h"

namespace {

constexpr int kUsage = 64;
// A question has ten fields, of which an id of Azure's is the longest, 2 KiB.
constexpr std::size_t kLongestQuestion = std::size_t{64} * 1024;

struct Arguments {
  std::optional<std::chrono::milliseconds> patience;  ///< --once MILLISECONDS
  std::optional<agent::OwnConfiguration> own;         ///< --config FILE: as a service
  std::optional<std::string> audit;                   ///< --audit REQUEST, as audit_request.h has it
};

std::optional<Arguments> arguments_of(int argc, char** argv) {
  Arguments arguments;
  if (argc == 1) return arguments;
  if (argc != 3) return std::nullopt;
  const std::string_view value = argv[2];
  if (std::strcmp(argv[1], "--config") == 0) {
    arguments.own.emplace(value);
    return arguments;
  }
  if (std::strcmp(argv[1], "--audit") == 0) {
    arguments.audit = value;
    return arguments;
  }
  const auto count = net::parse_number<int>(value).value_or(0);
  if (std::strcmp(argv[1], "--once") != 0 || count <= 0) return std::nullopt;
  arguments.patience = std::chrono::milliseconds(count);
  return arguments;
}

/// Words for the journal, each of them once in a row.
void say(const std::string& words) {
  static std::string last;
  if (words.empty() || words == last) return;
  std::cerr << words << '\n';
  last = words;
}

observed::CloudState nobody_can_ask(const net::Error& error) {
  const tl::unexpected<net::Error> why(error);
  return {.azure =
              observed::AzureNetwork{
                  .nic = why, .subnet = why, .route_table = why, .network = why, .security_groups = why},
          .node = net::Result<observed::KubernetesNode>(why),
          .cloud_config = net::Result<observed::CloudConfig>(why)};
}

/// The question as it is asked; an Error while there is no configuration to go by.
net::Result<agent::CloudQuery> as_asked(std::optional<agent::OwnConfiguration>& own,
                                        const agent::CloudQuery& query) {
  if (!own) return query;
  const auto read = own->read();
  const auto* config = own->config();
  if (!read && config == nullptr) {
    return net::failure(read.error().code.value(),
                        fmt::format("calico-azure-agent-cloud has no configuration that it could go by: {}",
                                    read.error().what));
  }
  if (!read) {
    say(fmt::format("the configuration is not read anew, the old one stays: {}", read.error().what));
  } else if (const auto keys = agent::told_otherwise(query, *config); !keys.empty()) {
    say(
        fmt::format("the agent has other values (--config, --set or its environment) for {}: "
                    "calico-azure-agent-cloud goes by {} and the environment of its own unit",
                    fmt::join(keys, ", "), own->file().string()));
  }
  return agent::by_own_configuration(query, *config);
}

/// A line of input; nullopt at its end.
std::optional<std::string> next_line() {
  static std::array<char, kLongestQuestion> line{};
  if (!std::cin.getline(line.data(), line.size())) return std::nullopt;
  return std::string(line.data());
}

int answer_once(agent::CloudQueryState& board, kubernetes::FilesOf whose,
                std::chrono::milliseconds patience) {
  const auto finish_by = std::chrono::steady_clock::now() + patience;
  std::thread azure([&] { agent::ask_azure_once(board, whose, finish_by); });
  agent::ask_kubernetes_once(board, whose, finish_by);
  azure.join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  auto arguments = arguments_of(argc, argv);
  if (!arguments) {
    std::cerr
        << "usage: calico-azure-agent-cloud [--once MILLISECONDS | --config FILE | --audit REQUEST]; the "
           "agent starts it\n";
    return kUsage;
  }
  auto& own = arguments->own;
  const auto kept = own ? agent::Powers::read_any_file : agent::Powers::none;
  const auto whose = own ? kubernetes::FilesOf::root : kubernetes::FilesOf::anybody;
  if (const auto given_up = agent::give_up_privileges(kept); !given_up) {
    std::cerr << given_up.error().what << '\n';
    return 1;
  }
  agent::stay_out_of_core_dumps();
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL sends close_notify to peers that have gone
  if (arguments->audit) {
    const auto request = agent::parse_audit_request(*arguments->audit);
    if (request) return agent::run_audit(*request);
    std::cerr << request.error().what << '\n';
    return kUsage;
  }
  agent::CloudStateWriter writer(STDOUT_FILENO);
  agent::CloudQueryState board(
      [&writer](const observed::CloudState& cloud_state) {
        if (!writer.write(cloud_state)) _exit(1);
      },
      [&writer](std::uint64_t answered, agent::CloudQueryState::Time until) {
        const auto left = until - std::chrono::steady_clock::now();
        const auto resume_after = std::chrono::duration_cast<std::chrono::milliseconds>(left);
        (void)writer.write(agent::CloudRest{
            .answered = answered, .resume_after = std::max(resume_after, std::chrono::milliseconds(0))});
        _exit(0);  // it is started again then
      });
  if (!arguments->patience) {
    std::thread([&board, whose] { agent::follow_azure(board, whose); }).detach();
    std::thread([&board, whose] { agent::follow_kubernetes(board, whose); }).detach();
  }
  while (const auto line = next_line()) {
    auto query = agent::parse_cloud_query(*line);
    if (!query) {
      std::cerr << query.error().what << '\n';
      _exit(kUsage);  // without stopping the threads, see below
    }
    auto asked = as_asked(own, *query);
    if (!asked) {
      say(asked.error().what);
      if (!writer.write(nobody_can_ask(asked.error()))) _exit(1);
      continue;
    }
    board.ask(std::move(*asked));
    if (arguments->patience) _exit(answer_once(board, whose, *arguments->patience));
  }
  _exit(std::cin.eof()
            ? 0
            : kUsage);  // the threads may hang in a name service; nothing of theirs is worth waiting for
}
