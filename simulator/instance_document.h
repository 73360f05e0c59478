#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "net/error.h"
#include "simulator/fault.h"

namespace simulator {

/// A document as IMDS would hold it: an instance, a bare network object or a bare array of interfaces becomes
/// an instance; numbers and booleans become strings (null stays, so that odd answers can be tried). EINVAL
/// for other JSON and for what is none.
net::Result<nlohmann::ordered_json> read_instance(std::string_view json);

/// The document with one of the document faults; unchanged for the other kinds.
nlohmann::ordered_json altered(nlohmann::ordered_json instance, Fault::Kind kind);

/// What the api-version shows of it.
nlohmann::ordered_json as_of(nlohmann::ordered_json instance, std::string_view api_version);

}  // namespace simulator
