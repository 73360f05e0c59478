#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/error.h"

namespace arm {

/// Where a Resource Manager answers: "https://management.azure.com", in lower case and without a final slash.
/// EINVAL for anything but https:// and a host with or without a port (http:// for a literal loopback address
/// alone: tests and demonstrations).
net::Result<std::string> parse_endpoint(std::string_view text);

/// The host and port of such an endpoint, for sentences.
std::string_view authority_of(std::string_view endpoint);

/// What a custom cloud is asked once: its description of itself, which needs no token
/// (https://github.com/kubernetes-sigs/cloud-provider-azure, pkg/azclient/cloud.go).
inline constexpr std::string_view kSelfDescription = "/metadata/endpoints?api-version=2019-05-01";

/// The audience of tokens in that description, or in the one of a list whose resourceManager is `endpoint`;
/// EBADMSG, saying what is missing.
net::Result<std::string> parse_audience(std::string_view json, std::string_view endpoint);

/// The path and query of a nextLink that stays on `endpoint` and below `path` (compared without regard to
/// case); nullopt for one that leads elsewhere.
std::optional<std::string> target_of_link(std::string_view link, std::string_view endpoint,
                                          std::string_view path);

}  // namespace arm
