#pragma once

#include <chrono>

#include "agent/cloud/cloud_query_state.h"
#include "kubernetes/local_files.h"

namespace agent {

/// Asks about Azure once and leaves the answer on the board. `whose`: kubeconfigs and azure.json, here and
/// below.
void ask_azure_once(CloudQueryState& board, kubernetes::FilesOf whose, CloudQueryState::Time finish_by);
/// Asks the API server once.
void ask_kubernetes_once(CloudQueryState& board, kubernetes::FilesOf whose, CloudQueryState::Time finish_by);

/// Verifies for ever: the first time within a tenth of the interval, then after half to one and a half of it,
/// so that nodes that started together do not ask together; at once for another question. Between two times
/// it rests.
[[noreturn]] void follow_azure(CloudQueryState& board, kubernetes::FilesOf whose);
/// Watches this node for ever, and where watching is refused asks every minute; once in the interval where
/// the question does not ask to follow it.
[[noreturn]] void follow_kubernetes(CloudQueryState& board, kubernetes::FilesOf whose);

}  // namespace agent
