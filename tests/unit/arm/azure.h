#pragma once

// A Resource Manager made of replies, and the ids of a small subscription in it.

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "arm/arm.h"
#include "net/foreign_text.h"

inline constexpr auto kEndpoint = "https://management.azure.com";
inline constexpr auto kAudience = "https://management.azure.com/";
inline constexpr auto kToken = "eyJ.secret-token.sig";

inline const std::string kGroup =
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/MC_rg/providers/";
inline const std::string kVm = kGroup + "Microsoft.Compute/virtualMachines/node-0";
inline const std::string kInstance =
    kGroup + "Microsoft.Compute/virtualMachineScaleSets/aks-pool/virtualMachines/7";
inline const std::string kNic = kGroup + "Microsoft.Network/networkInterfaces/nic-0";
inline const std::string kNetwork = kGroup + "Microsoft.Network/virtualNetworks/vnet";
inline const std::string kSubnet = kNetwork + "/subnets/nodes";
inline const std::string kTable = kGroup + "Microsoft.Network/routeTables/pods";
inline const std::string kSubnetsGroup = kGroup + "Microsoft.Network/networkSecurityGroups/nodes-nsg";
inline const std::string kNicsGroup = kGroup + "Microsoft.Network/networkSecurityGroups/nic-nsg";
inline const net::MacAddress kMac = *net::MacAddress::parse("000D3AF806EC");

/// A document of tests/data/arm, without the recorder's wrapping.
inline std::string sample(const std::string& name) {
  std::ifstream file(std::filesystem::path(CAA_TEST_DATA) / "arm" / name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  const auto document = nlohmann::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  return document.contains("body") ? document["body"].dump() : document.dump();
}

inline https::Response reply(std::string body) {
  return {.status = 200, .headers = {}, .body = std::move(body)};
}

inline https::Response refuse(unsigned status, const std::string& code, const std::string& message = "") {
  return {.status = status,
          .headers = {},
          .body = nlohmann::json{{"error", {{"code", code}, {"message", message}}}}.dump()};
}

inline std::string vm_document(const std::vector<std::pair<std::string, bool>>& nics) {
  auto list = nlohmann::json::array();
  for (const auto& [id, primary] : nics) list.push_back({{"id", id}, {"properties", {{"primary", primary}}}});
  return nlohmann::json{{"properties", {{"networkProfile", {{"networkInterfaces", list}}}}}}.dump();
}

inline nlohmann::json nic_json(const std::string& id, const std::string& mac) {
  return {{"id", id},
          {"properties",
           {{"macAddress", mac},
            {"enableIPForwarding", true},
            {"ipConfigurations",
             {{{"properties",
                {{"privateIPAddress", "10.240.0.4"}, {"primary", true}, {"subnet", {{"id", kSubnet}}}}}}}}}}};
}

/// The MAC of another NIC than ours.
inline const std::string kOthers = "00-0D-3A-00-00-01";

inline std::string nic_document(const std::string& id = kNic, const std::string& mac = "00-0D-3A-F8-06-EC") {
  return nic_json(id, mac).dump();
}

inline std::string subnet_document(bool with_table = true) {
  nlohmann::json document{{"id", kSubnet}, {"properties", {{"addressPrefix", "10.240.0.0/16"}}}};
  if (with_table) document["properties"]["routeTable"] = {{"id", kTable}};
  return document.dump();
}

inline std::string table_document() {
  return nlohmann::json{{"id", kTable},
                        {"properties",
                         {{"provisioningState", "Succeeded"},
                          {"routes",
                           {{{"name", "node-0"},
                             {"properties",
                              {{"addressPrefix", "10.244.0.0/24"},
                               {"nextHopType", "VirtualAppliance"},
                               {"nextHopIpAddress", "10.240.0.4"},
                               {"provisioningState", "Succeeded"}}}}}}}}}
      .dump();
}

inline std::string network_document() {
  return nlohmann::json{{"id", kNetwork},
                        {"properties", {{"addressSpace", {{"addressPrefixes", {"10.0.0.0/8"}}}}}}}
      .dump();
}

inline nlohmann::json security_rule(const std::string& name, unsigned priority, const std::string& access,
                                    const std::string& source) {
  return {{"name", name},
          {"properties",
           {{"protocol", "*"},
            {"sourcePortRange", "*"},
            {"destinationPortRange", "*"},
            {"sourceAddressPrefix", source},
            {"destinationAddressPrefix", "*"},
            {"access", access},
            {"priority", priority},
            {"direction", "Inbound"},
            {"provisioningState", "Succeeded"}}}};
}

inline nlohmann::json security_group_json(const std::string& id = kSubnetsGroup) {
  return {
      {"id", id},
      {"properties",
       {{"provisioningState", "Succeeded"},
        {"securityRules", {security_rule("deny-all", 300, "Deny", "*")}},
        {"defaultSecurityRules", {security_rule("AllowVnetInBound", 65000, "Allow", "VirtualNetwork")}}}}};
}

/// The document with a group: a subnet's or a NIC's.
inline std::string secured(const std::string& text, const std::string& group) {
  auto document = nlohmann::json::parse(text);
  document["properties"]["networkSecurityGroup"] = {{"id", group}};
  return document.dump();
}

/// The error, of what must be one.
template <class T>
net::Error error_of(const net::Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? net::Error{} : result.error();
}

/// Answers each path with what was put there, one reply after the other and the last one for ever. A request
/// that ARM would not understand fails the test.
class Azure {
 public:
  /// A VM with one NIC, a subnet with a route table, a virtual network.
  Azure() {
    put(kVm, reply(vm_document({{kNic, true}})));
    put(kNic, reply(nic_document()));
    put(kSubnet, reply(subnet_document()));
    put(kTable, reply(table_document()));
    put(kNetwork, reply(network_document()));
  }

  void put(const std::string& path, net::Result<https::Response> answer) {
    replies_[net::lower(path)] = {std::move(answer)};
  }
  void put(const std::string& path, std::vector<net::Result<https::Response>> answers) {
    replies_[net::lower(path)] = std::move(answers);
  }

  arm::Client client(std::string endpoint = kEndpoint, std::string audience = kAudience) {
    return {{.endpoint = std::move(endpoint), .audience = std::move(audience)},
            [this](const https::Request& request) { return answer(request); },
            [this](const std::string& audience_asked, bool fresh) { return token(audience_asked, fresh); }};
  }

  /// The last segments of the paths that were asked for, since the last call.
  std::vector<std::string> asked() {
    std::vector<std::string> names;
    for (const auto& url : std::exchange(urls, {})) {
      const auto path = url.substr(0, url.find('?'));
      names.push_back(path.substr(path.find_last_of('/') + 1));
    }
    return names;
  }

  std::vector<std::string> urls;
  std::vector<std::string> audiences;  ///< that tokens were asked for
  unsigned fresh_tokens = 0;
  net::Result<std::string> next_token = std::string(kToken);
  std::chrono::steady_clock::time_point finish_by =
      std::chrono::steady_clock::now() + std::chrono::minutes(10);

 private:
  static std::string version_of(const std::string& path) {
    if (path.find("/virtualmachinescalesets/") != std::string::npos) return "2018-10-01";
    return path.find("/microsoft.compute/") != std::string::npos ? "2021-07-01" : "2020-11-01";
  }

  net::Result<https::Response> answer(const https::Request& request) {
    urls.push_back(request.url);
    EXPECT_EQ(request.finish_by, finish_by);
    const auto path_begin = request.url.find('/', request.url.find("://") + 3);
    const auto query = request.url.find('?');
    const auto path = net::lower(request.url.substr(path_begin, query - path_begin));
    const std::map<std::string, std::string> headers(request.headers.begin(), request.headers.end());
    if (path == "/metadata/endpoints") {
      EXPECT_FALSE(headers.contains("Authorization"));
      EXPECT_EQ(request.url.substr(query), "?api-version=2019-05-01");
    } else {
      EXPECT_EQ(headers.contains("Authorization") ? headers.at("Authorization") : "",
                "Bearer " + *next_token);
      EXPECT_EQ(request.url.substr(query, 23), "?api-version=" + version_of(path)) << request.url;
    }
    const auto found = replies_.find(path);
    if (found == replies_.end()) return refuse(404, "ResourceNotFound");
    auto& answers = found->second;
    auto answer = answers.front();
    if (answers.size() > 1) answers.erase(answers.begin());
    return answer;
  }

  net::Result<std::string> token(const std::string& audience, bool fresh) {
    audiences.push_back(audience);
    fresh_tokens += fresh ? 1 : 0;
    if (fresh && next_token) *next_token += "-fresh";
    return next_token;
  }

  std::map<std::string, std::vector<net::Result<https::Response>>> replies_;
};
