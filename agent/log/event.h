#pragma once

#include "agent/log/level.h"
#include "core/log_event.h"

namespace agent {

using core::EventKind;
using core::LogField;
using core::warning;
using Event = core::LogEvent;

}  // namespace agent
