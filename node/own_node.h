#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <span>

#include "net/error.h"
#include "net/link.h"
#include "observed/kubernetes_node.h"
#include "observed/node_network.h"

namespace node {

/// Whether a Node object is this VM's.
enum class NodeIs : std::uint8_t { this_machine, another_machine, not_told };

/// By spec.providerID, which the cloud provider writes and cannot be changed, against IMDS' resourceId;
/// where that is inconclusive (no cloud provider, a fresh node, a VM that was moved to another resource
/// group), by its InternalIPs: one of a NIC's or of a link's here, or none.
NodeIs identify_node(const observed::KubernetesNode& node, const observed::NodeNetwork& network,
                     std::span<const net::Link> links);

/// The code of the Error that takes the place of another machine's Node.
inline constexpr int kAnotherMachine = EREMOTE;

using NodeAnswer = std::optional<net::Result<observed::KubernetesNode>>;

/// What may be believed of the API server's answer: a Node of another machine is an Error, and so is one of
/// which cannot be identified before IMDS has answered. kubernetes.node_name is written by people, and copied
/// by them: who takes another node's pod CIDR for its own blackholes that node's pods.
NodeAnswer own_node(NodeAnswer answer, const std::optional<observed::NodeNetwork>& network,
                    std::span<const net::Link> links);

bool is_another_machines(const NodeAnswer& answer);

}  // namespace node
