#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "simulator/message.h"

namespace simulator::cloud {

/// The Nodes of the cluster and what has become of them, for GET and watches. Not for several threads.
class NodeStore {
 public:
  /// The place of one watch in the history.
  struct Watch {
    std::string name;  ///< of the one Node; empty = all
    /// Up to here all has been seen; nullopt: from the present Nodes on, which come as ADDED.
    std::optional<std::uint64_t> seen;
  };

  NodeStore();

  /// Replaces all by {"name": {Node}, …}: each that comes, changes or goes raises the resourceVersion by
  /// one. EINVAL, with nothing changed, for anything else.
  net::Result<void> replace(std::string_view json);
  net::Result<void> replace(const nlohmann::ordered_json& all);
  [[nodiscard]] std::string text() const;

  /// Null when there is none.
  [[nodiscard]] const nlohmann::ordered_json* find(const std::string& name) const;

  /// A part of a list.
  struct Page {
    std::uint64_t limit = 0;                    ///< 0 = all
    std::optional<std::uint64_t> version = {};  ///< the list as it was then; nullopt = now
    std::string after = {};                     ///< begins behind this name
  };
  struct Listed {
    nlohmann::ordered_json items;
    std::uint64_t version = 0;
    std::string last = {};        ///< the last of the items' names
    std::uint64_t remaining = 0;  ///< how many come behind it
  };
  /// All Nodes, or the one of this name. nullopt: what was then is forgotten.
  [[nodiscard]] std::optional<Listed> list(const std::string& name, const Page& page) const;

  /// Starts above what any earlier process has given out, as etcd's does: a version of then is too old.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// Forgets what happened before this version; watches from an older one are 410. EINVAL for the future.
  net::Result<void> compact(std::uint64_t before);

  /// What the watch has not seen, and marks it as seen.
  EventStream::News advance(Watch& watch) const;
  /// The event with the watch's current version.
  [[nodiscard]] static std::string bookmark(const Watch& watch);

 private:
  struct Event {
    std::uint64_t version;
    std::string name;
    const char* type;
    nlohmann::ordered_json node;
    nlohmann::ordered_json before;  ///< null: there was none
  };

  [[nodiscard]] std::map<std::string, nlohmann::ordered_json> at(std::uint64_t version) const;
  void record(const std::string& name, const char* type, nlohmann::ordered_json node);

  std::uint64_t version_;
  std::uint64_t compacted_;
  std::map<std::string, nlohmann::ordered_json> nodes_;
  std::vector<Event> events_;
};

}  // namespace simulator::cloud
