// How the daemon and the commands start the program that asks Azure and Kubernetes, and what they make of its
// words.
#include "agent/daemon/cloud_program.h"

#include <gmock/gmock.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "agent/cloud/cloud_state_json.h"
#include "tests/support/folder.h"

namespace {

using agent::CloudProcess;
using agent::CloudQuery;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

/// Long enough for whatever ends by itself.
constexpr auto kPatience = 60s;

/// The program beside this one, which is a shell (stand_in_for_cloud_program).
class CloudProgram : public testing::Test {
 protected:
  ~CloudProgram() override { ::unsetenv("STAND_IN"); }

  static void does(const std::string& script) { ::setenv("STAND_IN", script.c_str(), 1); }
  /// A script that has read its question, then says these lines.
  static std::string saying(const std::vector<observed::CloudState>& states) {
    std::string script = "read question";
    for (const auto& state : states) script += "; echo '" + agent::cloud_state_line(state) + "'";
    return script;
  }
  static observed::CloudState with_node(const std::string& name) {
    observed::CloudState state;
    state.node = observed::KubernetesNode{name, {}, {}, {}};
    return state;
  }
  [[nodiscard]] std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

  test_support::Folder folder_;
  CloudQuery query_ = [] {
    CloudQuery query;
    query.node_name = "vm-0";
    return query;
  }();
};

/// All that comes until the program ends.
std::string everything_from(int descriptor) {
  std::string text;
  std::array<char, 4096> part{};
  for (pollfd one{.fd = descriptor, .events = POLLIN, .revents = 0}; ::poll(&one, 1, 60'000) == 1;) {
    const auto count = ::read(descriptor, part.data(), part.size());
    if (count <= 0) break;
    text.append(part.data(), static_cast<std::size_t>(count));
  }
  return text;
}

TEST_F(CloudProgram, AskedOnceGetsItsPatienceAndTheQuestion) {
  does("echo \"$@\" >" + file("arguments") + "; read question; echo \"$question\" >" + file("question"));
  agent::ask_cloud_once(query_, kPatience);
  EXPECT_EQ(test_support::contents(file("arguments")), "--once 59800\n")
      << "it answers before nobody listens";
  EXPECT_EQ(test_support::contents(file("question")), agent::cloud_query_line(query_) + '\n');
}

TEST_F(CloudProgram, OfWhatItSaysTheLastWholeLineCounts) {
  does(saying({with_node("a"), with_node("b")}) + R"(; printf '{"node":')");
  const auto seen = agent::ask_cloud_once(query_, kPatience);
  ASSERT_TRUE(seen.node && *seen.node);
  EXPECT_EQ((*seen.node)->name, "b");
}

TEST_F(CloudProgram, WhatItHasNotAnsweredInTimeIsATimeOutAndItIsGone) {
  does("echo $$ >" + file("process") + "; " + saying({with_node("a")}) + "; exec sleep 1000");
  const auto seen = agent::ask_cloud_once(query_, 1s);
  ASSERT_TRUE(seen.node && *seen.node) << "what it has answered counts";
  ASSERT_TRUE(seen.azure && seen.cloud_config);
  EXPECT_EQ(seen.azure->nic.error().code.value(), ETIMEDOUT);
  EXPECT_EQ(seen.azure->nic.error().what, "no answer within 1 s");
  EXPECT_EQ(seen.cloud_config->error().code.value(), ETIMEDOUT);
  EXPECT_EQ(::kill(std::stoi(test_support::contents(file("process"))), 0), -1);
}

TEST_F(CloudProgram, AzureThatNobodyWantsVerifiedIsNotLate) {
  query_.verify = false;
  does(saying({with_node("a")}));
  EXPECT_FALSE(agent::ask_cloud_once(query_, kPatience).azure);
}

TEST_F(CloudProgram, StartedForTheDaemonIsDeafToWhatEndsAGroupOfProcesses) {
  does("exec grep SigBlk /proc/self/status");  // a shell that forks may unblock them
  const auto process = CloudProcess::start();
  ASSERT_TRUE(process) << process.error().what;
  const auto line = everything_from(process->output());
  ASSERT_THAT(line, StartsWith("SigBlk:"));
  const auto blocked = std::stoull(line.substr(line.find('\t')), nullptr, 16);
  const auto bit = [](int signal) { return 1ULL << (signal - 1); };
  EXPECT_EQ(blocked, bit(SIGHUP) | bit(SIGINT) | bit(SIGTERM));
}

/// What a service has by AmbientCapabilities=: what it starts has it too. False without the right to it.
bool take_ambient_capability() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  sets[0].inheritable |= 1U << CAP_NET_ADMIN;
  return ::syscall(SYS_capset, &header, sets.data()) == 0 &&
         ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) == 0;
}

TEST_F(CloudProgram, IsTheBearerOfNoCapabilityThatTheServiceHandsOn) {
  if (!take_ambient_capability()) GTEST_SKIP() << "takes CAP_NET_ADMIN";
  does("grep CapAmb /proc/self/status");
  const auto process = CloudProcess::start();
  ASSERT_TRUE(process) << process.error().what;
  EXPECT_EQ(everything_from(process->output()), "CapAmb:\t0000000000000000\n");
}

TEST_F(CloudProgram, WhoDoesNotReadKeepsNobodyWaiting) {
  does("exec sleep 1000");
  auto process = CloudProcess::start();
  ASSERT_TRUE(process) << process.error().what;
  net::Result<void> told;
  for (int i = 0; i < 10'000 && told; ++i) told = process->tell(query_);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code.value(), EAGAIN);
}

TEST_F(CloudProgram, OfAServiceIsSpokenToByItsSocket) {
  const auto path = file("socket");
  EXPECT_EQ(CloudProcess::of_service(path).error().code.value(), ENOENT);
  EXPECT_EQ(CloudProcess::of_service("/" + std::string(200, 'x')).error().code.value(), ENAMETOOLONG);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  const net::Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(CloudProcess::of_service(path).error().code.value(), ECONNREFUSED) << "nobody listens";
  ASSERT_EQ(::listen(listener.get(), 1), 0);

  auto process = CloudProcess::of_service(path);
  ASSERT_TRUE(process) << process.error().what;
  ASSERT_TRUE(process->tell(query_));
  net::Descriptor peer(::accept(listener.get(), nullptr, nullptr));
  std::array<char, 4096> heard{};
  const auto count = ::read(peer.get(), heard.data(), heard.size());
  EXPECT_EQ(std::string_view(heard.data(), static_cast<std::size_t>(count)),
            agent::cloud_query_line(query_) + '\n');
  ASSERT_EQ(::write(peer.get(), "said", 4), 4);
  peer = net::Descriptor();
  EXPECT_EQ(everything_from(process->output()), "said");
}

TEST(NobodyAsked, IsTheSameErrorForEverySource) {
  const net::Error error{{ENOKEY, std::system_category()}, "not installed"};
  const auto state = agent::nobody_asked(error);
  ASSERT_TRUE(state.azure && state.node && state.cloud_config);
  for (const auto& each :
       {state.azure->nic.error(), state.azure->subnet.error(), state.azure->route_table.error(),
        state.azure->network.error(), state.node->error(), state.cloud_config->error()}) {
    EXPECT_EQ(each.what, "not installed");
  }
}

}  // namespace
