#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checks/check_row.h"

// What the checks about an overlay have in common: flannel's and Calico's VXLAN.
namespace checks {

/// Why there is no overlay to check: the mode has none, or the links could not be read. nullopt: there may be
/// one.
std::optional<Finding> without_overlay(const Facts& facts);

/// The mode's links of kind vxlan, one a family: flannel.1 and flannel-v6.1, vxlan.calico and
/// vxlan-v6.calico. Empty: none is there.
std::vector<const net::Link*> overlay_links(const Facts& facts);

/// What the link is called where it is not there: "flannel.1", "vxlan.calico".
std::string_view overlay_name(node::Mode mode);

/// Calico's own VXLAN; else flannel's, with or without Calico beside it.
bool is_calicos_overlay(const Facts& facts);

/// What flanneld wrote of this node, as far as the API server was asked; nullptr: nothing is known.
const observed::FlannelAnnotations* flannel_annotations(const Facts& facts);

/// Restarts flanneld or calico-node on this node: they recreate their link where it is wrong.
remedy::Remedy restart_overlay(const Facts& facts);

/// Edits flannel's configuration (canal's, or that of its own manifest) and restarts it; a note says what to
/// change.
remedy::Remedy edit_flannel(const Facts& facts);

}  // namespace checks
