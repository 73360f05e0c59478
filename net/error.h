#pragma once

#include <cerrno>
#include <string>
#include <system_error>
#include <tl/expected.hpp>
#include <utility>

namespace net {

/// What went wrong: `code` to branch and test on, `what` a sentence for a person that names what, where
/// and (when it can be known) what to do. Kernel errors keep the raw errno in the system category.
struct Error {
  std::error_code code;
  std::string what;
};

template <class T>
using Result = tl::expected<T, Error>;

/// An error with an errno value, for `return net::failure(EINVAL, "…")` out of a Result function.
inline tl::unexpected<Error> failure(int errno_value, std::string what) {
  return tl::unexpected<Error>(Error{{errno_value, std::system_category()}, std::move(what)});
}

/// The same error for another Result type, for `return net::pass_on(result)`.
template <class T>
tl::unexpected<Error> pass_on(const Result<T>& failed) {
  return tl::unexpected<Error>(failed.error());
}

}  // namespace net
