#pragma once

namespace agent {

/// Exit codes of every command; 64 and 78 are EX_USAGE and EX_CONFIG of sysexits.h.
enum ExitCode : int {
  kOk = 0,
  kNo = 1,            ///< not ready, changes pending, a check failed, an error
  kUndetermined = 2,  ///< could not look
  kUsage = 64,
  kBadConfig = 78,
};

}  // namespace agent
