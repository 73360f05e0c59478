#pragma once

#include <string>

#include "agent/cloud/cloud_query.h"
#include "agent/config/config.h"
#include "core/effects.h"
#include "imds/fetch.h"

namespace agent {

/// kubernetes.node_name, then NODE_NAME, then the host name; in small letters and without white space around
/// it, as the kubelet registers its node name (GetHostname() in
/// https://github.com/kubernetes/component-helpers/blob/master/node/util/hostname.go). Host names of scale
/// sets count in base 36 with capitals: the eleventh instance is …vmss00000A, and its Node …vmss00000a.
std::string node_name(const Config& config);

/// What to ask Azure and Kubernetes about this node.
CloudQuery query_of(const Config& config, const core::CloudTarget& target);

/// How to ask IMDS, and where its document is kept.
imds::Options imds_options(const Config& config);

}  // namespace agent
