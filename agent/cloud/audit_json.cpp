#include "agent/cloud/audit_json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace agent {
namespace {

using Json = nlohmann::ordered_json;

Json findings_of(const audit::Group& group) {
  Json list = Json::array();
  for (const auto* each : group.findings) {
    list.push_back({{"object", each->object},
                    {"message", each->message},
                    {"remedy", each->remedy.text()},
                    {"nodes", each->nodes}});
  }
  return list;
}

const char* word_of(audit::Verdict::Is is) {
  if (is == audit::Verdict::Is::fine) return "pass";
  return is == audit::Verdict::Is::broken ? "fail" : "unknown";
}

}  // namespace

std::string audit_json(const audit::Report& report, unsigned requests) {
  const auto verdict = audit::verdict_of(report);
  Json groups = Json::array();
  for (const auto& group : audit::groups_of(report)) {
    const auto& row = audit::row_of(group.cause);
    groups.push_back({{"cause", row.id},
                      {"title", row.title},
                      {"why", row.why},
                      {"where", group.where},
                      {"nodes", group.nodes},
                      {"findings", findings_of(group)}});
  }
  Json unknown = Json::array();
  for (const auto& doubt : audit::doubts_of(report)) {
    Json objects = Json::array();
    for (const auto* each : doubt.unknowns) objects.push_back(each->object);
    unknown.push_back({{"why", doubt.why}, {"pending", doubt.passes}, {"objects", std::move(objects)}});
  }
  const auto& counts = report.counts;
  const Json document = {
      {"schema", "calico-azure-agent/audit/v1"},
      {"read_at", fmt::format("{:%Y-%m-%dT%H:%M:%S}Z",
                              fmt::gmtime(std::chrono::system_clock::to_time_t(report.read_at)))},
      {"status", word_of(verdict.is)},
      {"verdict", verdict.sentence},
      {"mode", report.mode ? std::string(node::mode_name(*report.mode)) : ""},
      {"mode_reason", report.mode_reason},
      {"counts",
       {{"nodes", counts.nodes},
        {"nics", counts.nics},
        {"subnets", counts.subnets},
        {"route_tables", counts.tables},
        {"routes", counts.routes},
        {"security_groups", counts.security_groups},
        {"requests", requests}}},
      {"notes", report.notes},
      {"groups", std::move(groups)},
      {"unknown", std::move(unknown)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace agent
