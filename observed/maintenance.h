#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/names.h"

namespace observed {

/// EventType of Azure's Scheduled Events: what becomes of a VM.
/// https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events
enum class MaintenanceType : std::uint8_t { freeze, reboot, redeploy, preempt, terminate };
inline constexpr auto kMaintenanceTypeNames =
    std::to_array<net::Named<MaintenanceType>>({{MaintenanceType::freeze, "Freeze"},
                                                {MaintenanceType::reboot, "Reboot"},
                                                {MaintenanceType::redeploy, "Redeploy"},
                                                {MaintenanceType::preempt, "Preempt"},
                                                {MaintenanceType::terminate, "Terminate"}});

/// One of them that Azure announces, or that has started. Its texts are fit for a message.
struct Maintenance {
  std::string id;  ///< EventId
  MaintenanceType type = MaintenanceType::freeze;
  bool started = false;          ///< EventStatus: "Started", not "Scheduled"
  std::vector<std::string> vms;  ///< Resources: names of VMs, as IMDS's compute.name
  std::optional<std::chrono::system_clock::time_point> not_before = {};  ///< absent once it has started
  std::optional<std::chrono::seconds> duration = {};                     ///< absent: not known
  std::string source = {};                                               ///< "Platform", "User"
  std::string description = {};

  bool operator==(const Maintenance&) const = default;
};

}  // namespace observed
