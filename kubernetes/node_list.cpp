#include "kubernetes/node_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "https/server.h"
#include "json/json.h"
#include "kubernetes/node_json.h"
#include "net/foreign_text.h"

namespace kubernetes {
namespace {

using json::at;
using observed::ClusterNode;
using Event = json::Value::parse_event_t;

constexpr std::size_t kQuotedName = 253;
constexpr std::size_t kQuotedMessage = 160;
// Nodes with fifty images and their managed fields have 15 to 30 KiB.
constexpr unsigned kPage = 250;
constexpr unsigned kSmallestPage = 10;
constexpr std::size_t kLargestPage = std::size_t{16} << 20;
constexpr unsigned kMostPages = 2000;
constexpr std::size_t kMostNodes = 100'000;
constexpr int kListDepth = 2;  // of an item in {"items": [ … ]}

/// What a Node has most of, and no judgement needs.
bool is_ballast(std::string_view key) {
  return key == "managedFields" || key == "images" || key == "volumesInUse" || key == "volumesAttached";
}

std::string short_text(const json::Value& value) {
  return net::foreign_text(json::string(value), kQuotedName);
}

bool is_ready(const json::Value& conditions) {
  return conditions.is_array() &&
         std::any_of(conditions.begin(), conditions.end(), [](const json::Value& each) {
           return at(each, "type") == "Ready" && at(each, "status") == "True";
         });
}

bool has_tunnel(const json::Value& annotations) {
  return !json::string(at(annotations, "projectcalico.org/IPv4VXLANTunnelAddr")).empty() ||
         !json::string(at(annotations, "projectcalico.org/IPv6VXLANTunnelAddr")).empty() ||
         !json::string(at(annotations, "projectcalico.org/IPv4IPIPTunnelAddr")).empty();
}

ClusterNode cluster_node(const json::Value& object) {
  const auto& metadata = at(object, "metadata");
  ClusterNode made;
  made.name = short_text(at(metadata, "name"));
  auto versioned = parse_node(object);
  if (!versioned) {
    made.unusable = std::move(versioned.error().what);
    return made;
  }
  auto& node = versioned->node;
  const auto& labels = at(metadata, "labels");
  made.name = std::move(node.name);
  made.provider_id = std::move(node.provider_id);
  made.pod_cidrs = std::move(node.pod_cidrs);
  made.addresses = std::move(node.internal_addresses);
  made.created = node.created;
  made.ready = is_ready(at(at(object, "status"), "conditions"));
  made.is_virtual = json::string(at(labels, "type")) == "virtual-kubelet";
  made.flannel_backend = node.flannel ? node.flannel->backend_type : "";
  made.has_calico_tunnel = has_tunnel(at(metadata, "annotations"));
  made.podnetwork_type = short_text(at(labels, "kubernetes.azure.com/podnetwork-type"));
  return made;
}

/// Takes each Node as it is complete, and lets none stay in the document.
class Reader {
 public:
  explicit Reader(std::vector<ClusterNode>& nodes) : nodes_(nodes) {}

  bool operator()(int depth, Event event, json::Value& value) {
    if (event == Event::key && depth == 1) is_in_items_ = value == "items";
    if (event == Event::key && is_ballast(json::string(value))) return false;
    if (event != Event::object_end || depth != kListDepth || !is_in_items_) return true;
    if (nodes_.size() < kMostNodes) nodes_.push_back(cluster_node(value));
    return false;
  }

 private:
  std::vector<ClusterNode>& nodes_;
  bool is_in_items_ = false;
};

tl::unexpected<net::Error> no_list(std::string_view why) {
  return net::failure(EBADMSG, fmt::format("it is no list of Nodes: {}", why));
}

template <class Input>
net::Result<NodeListEnd> read(Input&& input, std::vector<ClusterNode>& nodes) {
  Reader reader(nodes);
  const auto document = json::Value::parse(
      std::forward<Input>(input),
      [&reader](int depth, Event event, json::Value& value) { return reader(depth, event, value); },
      /*allow_exceptions=*/false);
  if (document.is_discarded()) return no_list("it is not valid JSON, or cut short");
  if (!at(document, "items").is_array()) return no_list("it has no list \"items\"");
  const auto& kind = json::string(at(document, "kind"));
  if (kind != "NodeList" && kind != "List")
    return no_list(fmt::format("its kind is '{}'", net::foreign_text(kind, kQuotedName)));
  if (nodes.size() >= kMostNodes) return no_list("it has 100,000 or more");
  const auto& metadata = at(document, "metadata");
  const json::Value& remaining = at(metadata, "remainingItemCount");
  return NodeListEnd{.next = json::string(at(metadata, "continue")),
                     .remaining = remaining.is_number_unsigned() ? remaining.get<std::size_t>() : 0};
}

std::string escaped(std::string_view text) {
  std::string all;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    all += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return all;
}

tl::unexpected<net::Error> list_refusal(const https::Response& response, const Access& access) {
  const auto document = json::parse(response.body).value_or(json::Value());
  const auto message = net::foreign_text(json::string(at(document, "message")), kQuotedMessage);
  const auto said = fmt::format("{}{}{}", response.status, message.empty() ? "" : ": ", message);
  switch (response.status) {
    case 401:
      return net::failure(EACCES, fmt::format("the API server does not accept the credential of {} ({})",
                                              access.source, said));
    case 403:
      return net::failure(EACCES, fmt::format("the API server refuses the list of nodes ({}): the credential "
                                              "of {} needs the verb list on nodes",
                                              said, access.source));
    default:
      return net::failure(EAGAIN,
                          fmt::format("the API server does not answer with a list of nodes ({})", said));
  }
}

}  // namespace

net::Result<NodeListEnd> read_node_list(std::string_view text, std::vector<ClusterNode>& nodes) {
  return read(text, nodes);
}

net::Result<NodeListEnd> read_node_list(std::istream& stream, std::vector<ClusterNode>& nodes) {
  return read(stream, nodes);
}

net::Result<std::vector<ClusterNode>> read_node_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    return net::failure(errno, fmt::format("{}: {}", file.string(), std::system_category().message(errno)));
  std::vector<ClusterNode> nodes;
  const auto end = read_node_list(stream, nodes);
  if (!end) {
    return net::failure(EBADMSG, fmt::format("{}: {}; write it by kubectl get nodes --output json",
                                             file.string(), end.error().what));
  }
  return nodes;
}

net::Result<std::vector<ClusterNode>> list_nodes(
    const PageGetter& get, const Access& access,
    const std::function<void(std::size_t, std::size_t)>& progress) {
  std::vector<ClusterNode> nodes;
  std::string next;
  auto limit = kPage;
  bool started_again = false;
  for (unsigned pages = 0; pages < kMostPages; ++pages) {
    const auto place = next.empty() ? "" : "&continue=" + escaped(next);
    auto response = get(fmt::format("/api/v1/nodes?limit={}{}", limit, place));
    if (!response && response.error().code.value() == EMSGSIZE && limit > kSmallestPage) {
      limit = std::max(limit / 2, kSmallestPage);
      continue;
    }
    if (!response) return net::pass_on(response);
    if (response->status == 410 && !started_again) {
      started_again = true;
      nodes.clear();
      next.clear();
      continue;
    }
    if (response->status != 200) return list_refusal(*response, access);
    const auto end = read_node_list(response->body, nodes);
    if (!end) return net::failure(EBADMSG, "the API server's answer: " + end.error().what);
    progress(nodes.size(), end->remaining);
    if (end->next.empty()) return nodes;
    if (end->next == next) break;
    next = end->next;
  }
  return net::failure(EBADMSG, "the API server's pages of nodes do not end");
}

net::Result<std::vector<ClusterNode>> list_nodes(
    const Access& access, std::chrono::steady_clock::time_point finish_by,
    const std::function<void(std::size_t, std::size_t)>& progress) {
  const auto get = [&access, finish_by](const std::string& target) {
    https::Request request{.url = access.server + target,
                           .headers = {{"Accept", "application/json"}},
                           .finish_by = finish_by,
                           .secrets = {},
                           .form = {},
                           .largest_body = kLargestPage};
    if (!access.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + access.token);
    return https::get(access.identity, request);
  };
  return list_nodes(get, access, progress);
}

}  // namespace kubernetes
