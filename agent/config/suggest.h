#pragma once

#include <span>
#include <string>
#include <string_view>

namespace agent {

/// ": did you mean X?" with the known word that is nearest to a mistyped one, the first of equals; "" when
/// none is near: at most a third of its letters wrong. `prefix` is what all
/// words begin with: it is shown but does not make words alike.
std::string did_you_mean(std::string_view typed, std::span<const std::string> known,
                         std::string_view prefix = {});

}  // namespace agent
