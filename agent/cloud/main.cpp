// Asks Azure Resource Manager and the Kubernetes API server on behalf of the daemon, which has the rights to
// change routes and therefore neither TLS nor secrets. A question a line on standard input; a line of
// evidence on standard output whenever something else was learnt. Ends with its input.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "agent/cloud/evidence_writer.h"
#include "agent/cloud/followers.h"
#include "agent/cloud/privileges.h"

namespace {

constexpr int kUsage = 64;

/// `--once MILLISECONDS`, or nothing.
std::optional<std::chrono::milliseconds> patience_of(int argc, char** argv) {
  if (argc != 3 || std::strcmp(argv[1], "--once") != 0) return std::nullopt;
  const std::string_view text = argv[2];
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || count <= 0) return std::nullopt;
  return std::chrono::milliseconds(count);
}

}  // namespace

int main(int argc, char** argv) {
  const auto patience = patience_of(argc, argv);
  if (argc > 1 && !patience) {
    std::cerr << "usage: calico-azure-agent-cloud [--once MILLISECONDS]; the agent starts it\n";
    return kUsage;
  }
  if (const auto given_up = agent::give_up_privileges(); !given_up) {
    std::cerr << given_up.error().what << '\n';
    return 1;
  }
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL says farewell to peers that have gone
  agent::EvidenceWriter writer(STDOUT_FILENO);
  agent::Board board([&writer](const agent::Evidence& evidence) {
    if (!writer.write(evidence)) _exit(1);
  });
  if (!patience) {
    std::thread([&board] { agent::follow_azure(board); }).detach();
    std::thread([&board] { agent::follow_kubernetes(board); }).detach();
  }
  std::string line;
  while (std::getline(std::cin, line)) {
    auto question = agent::parse_question(line);
    if (!question) {
      std::cerr << question.error().what << '\n';
      _exit(kUsage);  // without a farewell to the threads, see below
    }
    board.ask(std::move(*question));
    if (patience) {
      const auto finish_by = std::chrono::steady_clock::now() + *patience;
      std::thread azure([&] { agent::ask_azure_once(board, finish_by); });
      agent::ask_kubernetes_once(board, finish_by);
      azure.join();
      return 0;
    }
  }
  _exit(0);  // the threads may hang in a name service; nothing of theirs is worth waiting for
}
