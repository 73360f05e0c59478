// Documents that are none, or lack something, or have something else in its place.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "arm/documents.h"
#include "arm/security_group.h"
#include "azure.h"

namespace {

using nlohmann::json;

template <class T>
std::function<net::Result<void>(const std::string&)> refusing(net::Result<T> (*parse)(std::string_view)) {
  return [parse](const std::string& text) -> net::Result<void> {
    const auto value = parse(text);
    if (!value) return net::pass_on(value);
    return {};
  };
}

const struct {
  const char* name;
  std::function<net::Result<void>(const std::string&)> parse;
  std::string good;
  std::vector<std::pair<const char*, json>> damage;  ///< places and what is put there, each of which ruins it
} kKinds[] = {
    {"virtual machine",
     refusing(arm::parse_virtual_machine),
     vm_document({{kNic, true}}),
     {{"/properties", 7},
      {"/properties/networkProfile", {}},
      {"/properties/networkProfile/networkInterfaces", {}},
      {"/properties/networkProfile/networkInterfaces", {{"0", 1}}},
      {"/properties/networkProfile/networkInterfaces/0", "x"},
      {"/properties/networkProfile/networkInterfaces/0/id", kSubnet},
      {"/properties/networkProfile/networkInterfaces/0/id", kNic + "/../../x"}}},
    {"network interface",
     refusing(arm::parse_nic),
     nic_document(),
     {{"/id", 7},
      {"/id", kSubnet},
      {"/id", kNic + "?x"},
      {"/properties", json::array()},
      {"/properties/enableIPForwarding", "yes"},
      {"/properties/ipConfigurations", json::object()}}},
    {"page",
     refusing(arm::parse_nic_page),
     json{{"value", {nic_json(kNic, "x")}}}.dump(),
     {{"/value", json::object()}, {"/value", {7}}, {"/value/0/id", "x"}}},
    {"subnet",
     refusing(arm::parse_subnet),
     subnet_document(),
     {{"/id", kNic},
      {"/properties", nullptr},
      {"/properties/addressPrefix", "default"},
      {"/properties/addressPrefix", {{"10.0.0.0/8", 1}}},
      {"/properties/routeTable", "x"},
      {"/properties/routeTable/id", kSubnet},
      {"/properties/routeTable/id", kTable + "#"}}},
    {"route table",
     refusing(arm::parse_route_table),
     table_document(),
     {{"/id", json::array()},
      {"/properties", 1.5},
      {"/properties/routes", nullptr},
      {"/properties/routes", "x"}}},
    {"network security group",
     refusing(arm::parse_security_group),
     security_group_json().dump(),
     {{"/id", kTable},
      {"/properties", "x"},
      {"/properties/securityRules", nullptr},
      {"/properties/securityRules", json::object()},
      {"/properties/securityRules/0", 7},
      {"/properties/defaultSecurityRules", nullptr},
      {"/properties/securityRules/0/properties", nullptr},
      {"/properties/securityRules/0/properties/priority", "300"},
      {"/properties/securityRules/0/properties/priority", -1},
      {"/properties/securityRules/0/properties/priority", 65536},
      {"/properties/securityRules/0/properties/direction", "Sideways"},
      {"/properties/securityRules/0/properties/access", ""},
      {"/properties/securityRules/0/properties/protocol", "Sctp"},
      {"/properties/securityRules/0/properties/sourceAddressPrefix", nullptr},
      {"/properties/securityRules/0/properties/sourceAddressPrefix", 7},
      {"/properties/securityRules/0/properties/sourceAddressPrefix", "10.0.0.0/33"},
      {"/properties/securityRules/0/properties/destinationAddressPrefixes", "10.0.0.0/8"},
      {"/properties/securityRules/0/properties/destinationAddressPrefixes", {7}},
      {"/properties/securityRules/0/properties/sourcePortRange", ""},
      {"/properties/securityRules/0/properties/sourcePortRange", "65536"},
      {"/properties/securityRules/0/properties/destinationPortRange", "20-10"},
      {"/properties/securityRules/0/properties/destinationPortRange", "80-"},
      {"/properties/securityRules/0/properties/destinationPortRange", 80}}},
    {"virtual network",
     refusing(arm::parse_virtual_network),
     network_document(),
     {{"/id", kSubnet},
      {"/properties/addressSpace", 7},
      {"/properties/addressSpace/addressPrefixes", "10.0.0.0/8"},
      {"/properties/addressSpace/addressPrefixes", {"10.0.0.0/33", "10.0.0.0/", "/8", ""}}}},
};

TEST(Garbage, WhatLacksItsSubjectIsRefused) {
  for (const auto& [name, parse, good, damage] : kKinds) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(parse(good));
    for (const auto& [place, value] : damage) {
      auto document = json::parse(good);
      document[json::json_pointer(place)] = value;
      const auto refused = parse(document.dump());
      ASSERT_FALSE(refused) << document;
      EXPECT_EQ(refused.error().code.value(), EBADMSG) << refused.error().what;
      EXPECT_FALSE(refused.error().what.empty());
    }
  }
}

TEST(Garbage, NestingIsLimitedEvenWhereNobodyLooks) {
  for (const auto& [name, parse, good, damage] : kKinds) {
    SCOPED_TRACE(name);
    const auto deep = std::string(64, '[') + std::string(64, ']');
    const auto refused = parse(good.substr(0, good.size() - 1) + ",\"x\":" + deep + "}");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what, "it is nested deeper than 64 levels");
  }
}

TEST(Garbage, GarbageIsRefusedWhateverItIs) {
  const std::string garbage[] = {"",
                                 " ",
                                 "null",
                                 "7",
                                 "\"text\"",
                                 "[]",
                                 "{}",
                                 "[{}]",
                                 "<html>Sign in</html>",
                                 "{\"id\":",
                                 R"({"error":{"code":"x"}})",
                                 "\xff\xfe",
                                 std::string(100000, '['),
                                 R"({"id":null,"properties":null,"value":null})"};
  for (const auto& kind : kKinds) {
    SCOPED_TRACE(kind.name);
    for (const auto& text : garbage) {
      const auto refused = kind.parse(text);
      ASSERT_FALSE(refused) << text.substr(0, 50);
      EXPECT_EQ(refused.error().code.value(), EBADMSG);
    }
    for (std::size_t length = 0; length < kind.good.size(); ++length) {
      EXPECT_FALSE(kind.parse(kind.good.substr(0, length))) << length;
    }
  }
}

TEST(Garbage, NoFieldsTypeIsTakenOnTrust) {
  const json values[] = {nullptr, true, 7, -1.5, "", "x", json::array(), json::object(), {"x"}, {{"id", 7}}};
  for (const auto& kind : kKinds) {
    const auto flat = json::parse(kind.good).flatten();
    for (const auto& [place, ignored] : flat.items()) {
      for (const auto& value : values) {
        auto document = json::parse(kind.good);
        document[json::json_pointer(place)] = value;
        const auto read = kind.parse(document.dump());
        EXPECT_TRUE(read || read.error().code.value() == EBADMSG) << place << " " << value;
      }
    }
  }
}

}  // namespace
