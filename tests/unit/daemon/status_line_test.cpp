#include "agent/daemon/state_reporter.h"

#include <gtest/gtest.h>

namespace {

using agent::status_line;
using agent::StatusNotes;
using checks::CheckStatus;
using core::Snapshot;

Snapshot waiting_for(const std::string& id, bool needs_kubelet = false) {
  Snapshot snapshot;
  snapshot.checks.push_back({.id = id,
                             .status = CheckStatus::fail,
                             .gate = true,
                             .needs_kubelet = needs_kubelet,
                             .message = "it is not there",
                             .why = "",
                             .remedy = ""});
  snapshot.ready_for_kubelet = needs_kubelet;
  return snapshot;
}

Snapshot ready() {
  Snapshot snapshot;
  snapshot.ready = snapshot.ready_for_kubelet = true;
  snapshot.nic.name = "eth0";
  return snapshot;
}

TEST(StatusLine, OfANodeThatStartsTellsWhatAnEditedFileNeeds) {
  const auto node = waiting_for("nic.found");
  EXPECT_EQ(
      status_line(node, {.file = "/c.toml", .file_is_watched = true, .refused = "", .not_listening = ""}),
      "waiting for nic.found: it is not there | an edited /c.toml takes effect by itself");
  EXPECT_EQ(status_line(node, {.file = "/c.toml", .refused = "", .not_listening = ""}),
            "waiting for nic.found: it is not there | an edited /c.toml takes effect with "
            "systemctl kill --signal=HUP calico-azure-agent");
  EXPECT_EQ(status_line(node, {.is_started = true, .file = "/c.toml", .refused = "", .not_listening = ""}),
            "waiting for nic.found: it is not there | an edited /c.toml takes effect with "
            "systemctl reload calico-azure-agent");
  EXPECT_EQ(
      status_line(
          node,
          {.file = "/c.toml", .file_is_watched = true, .refused = "/c.toml:1:2: no", .not_listening = ""}),
      "waiting for nic.found: it is not there | /c.toml:1:2: no: until it is fixed the old configuration "
      "stays "
      "is in force");
  EXPECT_EQ(status_line(node, {.file = "", .refused = "", .not_listening = ""}),
            "waiting for nic.found: it is not there");
}

TEST(StatusLine, OfANodeThatHasBeenReadyIsAboutTheNode) {
  const StatusNotes notes{
      .has_been_ready = true, .is_started = true, .file = "/c.toml", .refused = "", .not_listening = ""};
  EXPECT_EQ(status_line(ready(), notes), "ready: 0 routes by eth0");
  EXPECT_EQ(status_line(waiting_for("nic.up"), notes), "waiting for nic.up: it is not there");
}

TEST(StatusLine, TellsWhatComesWithTheKubeletAndWhyNobodyIsAnswered) {
  EXPECT_EQ(
      status_line(waiting_for("pods.node_cidr", true), {.file = "", .refused = "", .not_listening = ""}),
      "waiting for pods.node_cidr: it is not there, which comes with the kubelet");
  EXPECT_EQ(status_line(ready(), {.file = "", .refused = "", .not_listening = "cannot listen on X"}),
            "ready: 0 routes by eth0 | cannot listen on X");
}

}  // namespace
