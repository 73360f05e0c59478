#include "simulator/cloud/node_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "simulator/cloud/kubernetes.h"

namespace simulator::cloud {
namespace {

using nlohmann::ordered_json;

std::uint64_t seconds_since_1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

std::string line_of(const char* type, const ordered_json& object) {
  return ordered_json{{"type", type}, {"object", object}}.dump() + "\n";
}

/// As the API server keeps it, whatever was left out; null for what is no Node.
ordered_json completed(const std::string& name, const ordered_json& node) {
  if (!node.is_object()) return {};
  ordered_json whole = {{"kind", "Node"}, {"apiVersion", "v1"}, {"metadata", ordered_json::object()}};
  whole.update(node);
  if (whole["kind"] != "Node" || !whole["metadata"].is_object()) return {};
  whole["metadata"]["name"] = name;
  whole["metadata"].erase("resourceVersion");
  return whole;
}

ordered_json without_version(ordered_json node) {
  node["metadata"].erase("resourceVersion");
  return node;
}

}  // namespace

NodeStore::NodeStore() : version_(seconds_since_1970()), compacted_(version_) {}

net::Result<void> NodeStore::replace(std::string_view json) {
  return replace(ordered_json::parse(json, nullptr, /*allow_exceptions=*/false));
}

net::Result<void> NodeStore::replace(const ordered_json& all) {
  if (all.is_discarded()) return net::failure(EINVAL, "not valid JSON");
  if (!all.is_object()) return net::failure(EINVAL, "the Nodes are no JSON object of name: Node");
  std::map<std::string, ordered_json> wanted;
  for (const auto& [name, node] : all.items()) {
    auto whole = completed(name, node);
    if (whole.is_null()) return net::failure(EINVAL, fmt::format("\"{}\" is no Node", name));
    wanted[name] = std::move(whole);
  }
  const auto before = nodes_;
  for (const auto& [name, node] : before) {
    if (wanted.count(name) == 0) record(name, "DELETED", node);
  }
  for (auto& [name, node] : wanted) {
    const auto known = before.find(name);
    if (known != before.end() && without_version(known->second) == node) continue;
    record(name, known == before.end() ? "ADDED" : "MODIFIED", std::move(node));
  }
  return {};
}

void NodeStore::record(const std::string& name, const char* type, ordered_json node) {
  node["metadata"]["resourceVersion"] = std::to_string(++version_);
  const auto known = nodes_.find(name);
  auto before = known == nodes_.end() ? ordered_json() : known->second;
  if (type == std::string_view("DELETED")) {
    nodes_.erase(name);
  } else {
    nodes_[name] = node;
  }
  events_.push_back({version_, name, type, std::move(node), std::move(before)});
}

std::string NodeStore::text() const {
  ordered_json all = ordered_json::object();
  for (const auto& [name, node] : nodes_) all[name] = node;
  return all.dump();
}

const ordered_json* NodeStore::find(const std::string& name) const {
  const auto found = nodes_.find(name);
  return found == nodes_.end() ? nullptr : &found->second;
}

std::map<std::string, ordered_json> NodeStore::at(std::uint64_t version) const {
  auto nodes = nodes_;
  for (auto event = events_.rbegin(); event != events_.rend() && event->version > version; ++event) {
    if (event->before.is_null()) {
      nodes.erase(event->name);
    } else {
      nodes[event->name] = event->before;
    }
  }
  return nodes;
}

std::optional<NodeStore::Listed> NodeStore::list(const std::string& name, const Page& page) const {
  if (page.version && *page.version < compacted_) return std::nullopt;
  Listed listed{.items = ordered_json::array(), .version = page.version.value_or(version_)};
  // Those of now are not copied: a page of thousands would cost all of them.
  const auto earlier = listed.version < version_ ? at(listed.version) : decltype(nodes_)();
  for (const auto& [each, node] : listed.version < version_ ? earlier : nodes_) {
    if ((!name.empty() && each != name) || (!page.after.empty() && each <= page.after)) continue;
    if (page.limit != 0 && listed.items.size() == page.limit) {
      ++listed.remaining;
    } else {
      listed.items.push_back(node);
      listed.last = each;
    }
  }
  return listed;
}

net::Result<void> NodeStore::compact(std::uint64_t before) {
  if (before > version_) {
    return net::failure(EINVAL, fmt::format("cannot compact before {}: it is only {} now", before, version_));
  }
  compacted_ = std::max(compacted_, before);
  const auto is_old = [this](const Event& event) { return event.version <= compacted_; };
  events_.erase(std::remove_if(events_.begin(), events_.end(), is_old), events_.end());
  return {};
}

EventStream::News NodeStore::advance(Watch& watch) const {
  const auto concerns = [&watch](const std::string& name) {
    return watch.name.empty() || watch.name == name;
  };
  EventStream::News news;
  if (!watch.seen) {
    for (const auto& [name, node] : nodes_) {
      if (concerns(name)) news.lines += line_of("ADDED", node);
    }
  } else if (*watch.seen < compacted_) {
    const auto message = fmt::format("too old resource version: {} ({})", *watch.seen, compacted_);
    return {.lines = line_of("ERROR", status_object(410, "Expired", message)), .ended = true};
  } else {
    for (const auto& event : events_) {
      if (event.version > *watch.seen && concerns(event.name)) news.lines += line_of(event.type, event.node);
    }
  }
  watch.seen = std::max(watch.seen.value_or(0), version_);
  return news;
}

std::string NodeStore::bookmark(const Watch& watch) {
  return line_of("BOOKMARK", {{"kind", "Node"},
                              {"apiVersion", "v1"},
                              {"metadata", {{"resourceVersion", std::to_string(watch.seen.value_or(0))}}}});
}

}  // namespace simulator::cloud
