#pragma once

#include <string>

#include "agent/core/evidence.h"

namespace agent {

/// Writes evidence to a descriptor, which it borrows: a line each time something else is known. What the
/// reader has been told is not worth waking it for.
class EvidenceWriter {
 public:
  explicit EvidenceWriter(int descriptor) : descriptor_(descriptor) {}

  /// False when the reader has gone.
  [[nodiscard]] bool write(const Evidence& evidence);

 private:
  int descriptor_;
  std::string last_;
};

}  // namespace agent
