#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/http/router.h"

namespace agent::http {

/// The whole of the protocol as one pure function: the bytes that answer what a connection has received so
/// far, or nothing while more is needed. The connection is to be closed after them.
std::optional<Bytes> answer(std::string_view received, const View& view);

/// The same in one piece.
std::optional<std::string> answer_bytes(std::string_view received, const View& view);

}  // namespace agent::http
