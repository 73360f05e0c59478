#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>

#include "net/error.h"
#include "simulator/fault.h"
#include "simulator/message.h"

namespace simulator {

enum class Form : std::uint8_t {
  virtual_machine,  ///< standalone, one IPv4 NIC
  scale_set,  ///< instance of a Uniform scale set, as AKS has: dual-stack NIC with a second ipconfig, second
              ///< NIC
};

/// A document of the shape that such a VM gets; the values are made up.
std::string_view default_document(Form form);

/// Every documented version, oldest first
/// (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service). Text order is time order.
std::span<const std::string_view> api_versions();

bool is_api_version(std::string_view text);

/// The version that brought a field of /metadata/instance, by its path ("compute/resourceId"); the first one
/// for fields that the documentation does not date.
std::string_view field_since(std::string_view path);

/// A document as IMDS would hold it: an instance, a bare network object or a bare array of interfaces becomes
/// an instance; numbers and booleans become strings (null stays, so that odd answers can be tried). EINVAL
/// for other JSON and for what is none.
net::Result<nlohmann::ordered_json> read_instance(std::string_view json);

/// The document with one of the document faults; unchanged for the other kinds.
nlohmann::ordered_json altered(nlohmann::ordered_json instance, Fault::Kind kind);

/// What the api-version shows of it.
nlohmann::ordered_json as_of(nlohmann::ordered_json instance, std::string_view api_version);

/// What IMDS answers to a well-delivered request, identity apart: /metadata/versions and
/// /metadata/instance with its parts, in JSON and text; its refusals otherwise.
Response answer_metadata(const Request& request, const Target& target,
                         const nlohmann::ordered_json& instance);

/// What IMDS answers to /metadata/scheduledevents.
Response answer_scheduled_events(const Request& request, const Target& target,
                                 const nlohmann::ordered_json& events);

/// {"error":"…"} with the status.
Response refusal(unsigned status, const char* error);

}  // namespace simulator
