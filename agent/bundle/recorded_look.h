#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/bundle/tape.h"
#include "agent/config/raw_value.h"
#include "core/event.h"
#include "core/node_engine.h"
#include "net/error.h"
#include "net/time.h"

namespace agent {

inline constexpr std::string_view kBundleSchema = "calico-azure-agent/bundle/v1";

/// One look at a node, as it can be repeated elsewhere: everything that the controller was told and asked
/// for, in its order. No secret is in it, for the agent keeps none: of azure.json, CNI files, kubeconfigs and
/// the IMDS document only the fields are ever read that are named in agent/bundle/observed_json.h.
struct RecordedLook {
  std::string version;  ///< of the agent that looked
  net::WallTime time{};
  std::string node_name;
  std::vector<std::string> settings;      ///< "section.key=value", every key
  std::map<std::string, Origin> origins;  ///< of the values, by key
  core::NodeEngine::Role role = core::NodeEngine::Role::observes;
  // Of the daemon beside it, as agent::Beside has it.
  std::string note;
  std::string hung;
  bool no_daemon = false;
  bool is_the_daemons = false;
  bool is_edited = false;
  std::vector<core::Event> events;
  Tape tape;
};

std::string recorded_look_text(const RecordedLook& look);

/// EBADMSG for what no agent has written. A bundle comes from somewhere: its texts steer no terminal.
net::Result<RecordedLook> parse_recorded_look(std::string_view text);

}  // namespace agent
