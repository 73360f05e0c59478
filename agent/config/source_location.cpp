#include "agent/config/source_location.h"

#include <fmt/format.h>

namespace agent {

Origin SourceLocation::origin() const {
  if (!name_) return {kind_, ""};
  return {kind_, line_ == 0 ? *name_ : fmt::format("{}:{}:{}", *name_, line_, column_)};
}

}  // namespace agent
