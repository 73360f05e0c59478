#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checks/check_table.h"

// What the checks about an overlay have in common: flannel's and Calico's VXLAN.
namespace checks {

/// Why there is no overlay to judge: the mode has none, or nobody could look. nullopt: there may be one.
std::optional<Finding> without_overlay(const Facts& facts);

/// The mode's links of kind vxlan, one a family: flannel.1 and flannel-v6.1, vxlan.calico and
/// vxlan-v6.calico. Empty: none is there.
std::vector<const net::Link*> overlay_links(const Facts& facts);

/// What the link is called where it is not there: "flannel.1", "vxlan.calico".
std::string_view overlay_name(node::Mode mode);

/// Calico's own VXLAN; else flannel's, with or without Calico beside it.
bool is_calicos_overlay(const Facts& facts);

/// True when the address is one of the NIC's, as Azure names them.
bool is_of_nic(const Facts& facts, const net::Address& address);

/// What flanneld wrote of this node, as far as the API server was asked; nullptr: nothing is known.
const observed::FlannelAnnotations* flannel_annotations(const Facts& facts);

/// Makes flanneld or calico-node of this node start again: they make their link anew where it is not as it
/// should be.
remedy::Remedy restart_overlay(const Facts& facts);

/// Edits flannel's configuration, canal's or its own manifest's, and lets it start again: a note says what.
remedy::Remedy edit_flannel(const Facts& facts);

}  // namespace checks
