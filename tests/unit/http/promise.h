#pragma once

#include <chrono>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CAA_SANITIZED 1
#endif
#endif

/// How long a well-behaved probe waits at most. The promise is the product's. A sanitizer makes it several
/// times slower, and looks for other things.
#ifdef CAA_SANITIZED
inline constexpr std::chrono::milliseconds kPromised{5000};
inline constexpr std::chrono::milliseconds kPromisedAmongSilent{500};
#else
inline constexpr std::chrono::milliseconds kPromised{1000};
inline constexpr std::chrono::milliseconds kPromisedAmongSilent{100};
#endif
