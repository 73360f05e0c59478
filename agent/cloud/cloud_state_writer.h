#pragma once

#include <string>

#include "observed/cloud_state.h"

namespace agent {

/// Writes evidence to a descriptor, which it borrows: a line each time something else is known. What the
/// reader has been told is not worth waking it for.
class CloudStateWriter {
 public:
  explicit CloudStateWriter(int descriptor) : descriptor_(descriptor) {}

  /// False when the reader has gone.
  [[nodiscard]] bool write(const observed::CloudState& cloud_state);

 private:
  int descriptor_;
  std::string last_;
};

}  // namespace agent
