#include "agent/cloud/audit_request.h"

#include <fmt/format.h>

#include <exception>

#include "agent/cloud/line_json.h"
#include "json/values.h"

namespace agent {

// What is given is a Policy's; a mode has a name.
namespace {

std::string name_of_mode(const AuditRequest& request) {
  return request.mode ? std::string(node::mode_name(*request.mode)) : std::string();
}

}  // namespace

std::string audit_request_text(const AuditRequest& request) {
  const json::Value document = {{"kubeconfig", request.kubeconfig},
                                {"nodes", request.nodes},
                                {"token_file", request.token_file},
                                {"client_id", request.client_id},
                                {"cloud", request.cloud},
                                {"endpoint", request.endpoint},
                                {"imds_endpoint", request.imds_endpoint},
                                {"resource_groups", request.resource_groups},
                                {"route_tables", request.route_tables},
                                {"cluster_cidrs", request.cluster_cidrs},
                                {"mode", name_of_mode(request)},
                                {"repair_script", request.repair_script},
                                {"max_requests", request.max_requests},
                                {"timeout", request.timeout},
                                {"json", request.json},
                                {"all", request.all}};
  return document.dump(-1, ' ', false, json::Value::error_handler_t::replace);
}

net::Result<AuditRequest> parse_audit_request(std::string_view text) {
  try {
    const auto document = parse_line(text, [](json::Value&) {});
    AuditRequest request;
    document.at("kubeconfig").get_to(request.kubeconfig);
    document.at("nodes").get_to(request.nodes);
    document.at("token_file").get_to(request.token_file);
    document.at("client_id").get_to(request.client_id);
    document.at("cloud").get_to(request.cloud);
    document.at("endpoint").get_to(request.endpoint);
    document.at("imds_endpoint").get_to(request.imds_endpoint);
    document.at("resource_groups").get_to(request.resource_groups);
    document.at("route_tables").get_to(request.route_tables);
    document.at("cluster_cidrs").get_to(request.cluster_cidrs);
    const auto mode = document.at("mode").get<std::string>();
    request.mode = net::value_named(node::kModeNames, mode);
    if (!mode.empty() && !request.mode) throw std::invalid_argument("there is no such mode");
    document.at("repair_script").get_to(request.repair_script);
    document.at("max_requests").get_to(request.max_requests);
    document.at("timeout").get_to(request.timeout);
    document.at("json").get_to(request.json);
    document.at("all").get_to(request.all);
    return request;
  } catch (const std::exception& wrong) {
    return net::failure(EBADMSG, fmt::format("the audit's request cannot be read: {}", wrong.what()));
  }
}

}  // namespace agent
