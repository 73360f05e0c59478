#include "kubernetes/local_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/folder.h"

namespace {

using kubernetes::parse_cloud_config;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const observed::CloudConfig kWhole{.cloud = "AzurePublicCloud",
                                   .resource_manager_endpoint = "https://management.local.example/",
                                   .route_table_name = "rt",
                                   .route_table_resource_group = "rg",
                                   .user_assigned_identity = "00000000-0000-0000-0000-000000000001"};

TEST(CloudConfig, IsReadFromJsonAndFromYaml) {
  for (const char* text :
       {"{\"cloud\": \"AzurePublicCloud\",\n\t\"resourceManagerEndpoint\": "
        "\"https:\\/\\/management.local.example\\/\",\n"
        "\t\"aadClientSecret\": \"secret\", \"useInstanceMetadata\": true, \"cloudProviderBackoffRetries\": "
        "6,\n"
        "\t\"routeTableName\": \"rt\", \"routeTableResourceGroup\": \"rg\",\n"
        "\t\"userAssignedIdentityID\": \"00000000-0000-0000-0000-000000000001\"}",
        "cloud: AzurePublicCloud\nresourceManagerEndpoint: "
        "https://management.local.example/\naadClientSecret: secret\n"
        "useInstanceMetadata: true\ncloudProviderBackoffRetries: 6\nrouteTableName: rt\n"
        "routeTableResourceGroup: 'rg'\nuserAssignedIdentityID: 00000000-0000-0000-0000-000000000001\n",
        "{cloud: AzurePublicCloud, resourcemanagerendpoint: \"https://management.local.example/\", "
        "ROUTETABLENAME: rt,\n"
        " routeTableResourceGroup: rg, userassignedidentityid: 00000000-0000-0000-0000-000000000001}"}) {
    SCOPED_TRACE(text);
    const auto config = parse_cloud_config(text);
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(*config, kWhole);
  }
}

TEST(CloudConfig, WhatIsNoStringIsLeftAlone) {
  for (const char* text :
       {"{}", "{\"routeTableName\": 7, \"cloud\": null, \"routeTableResourceGroup\": [\"rg\"]}",
        "routeTableName: 7\ncloud: ~\nrouteTableResourceGroup: [rg]\nuserAssignedIdentityID: true\n",
        "cloud:\nrouteTableName: {a: b}\n? [a, b]\n: c\n", "nested: {routeTableName: rt}"}) {
    SCOPED_TRACE(text);
    const auto config = parse_cloud_config(text);
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(*config, observed::CloudConfig{});
  }
  EXPECT_EQ(parse_cloud_config("routeTableName: '7'")->route_table_name, "7");
}

TEST(CloudConfig, GarbageIsRefusedUnquoted) {
  for (const std::string& text : {std::string(),
                                  std::string("secret"),
                                  std::string("[\"secret\"]"),
                                  std::string("\"secret\""),
                                  std::string("{\"secret\": "),
                                  std::string("{\"secret\""),
                                  std::string("a: b: secret"),
                                  std::string("a: *secret"),
                                  std::string("a: 'secret"),
                                  std::string("a: secret\n\tb: c"),
                                  std::string("%YAML secret\n---\n"),
                                  std::string("\0secret", 7),
                                  std::string("\xff\xfe\x00s", 4),
                                  std::string("- secret"),
                                  std::string("userAssignedIdentityID: the secret"),
                                  std::string("a: !!binary [secret"),
                                  std::string(200'000, '['),
                                  std::string(200'000, '{'),
                                  std::string("a: \"\\xsecret\""),
                                  std::string((std::size_t{1} << 20) + 1, ' ')}) {
    SCOPED_TRACE(text.substr(0, 40));
    const auto config = parse_cloud_config(text);
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code.value(), EBADMSG);
    EXPECT_THAT(config.error().what, Not(HasSubstr("secret")));
  }
  EXPECT_THAT(parse_cloud_config("a: b\nc: 'd").error().what, HasSubstr("line 2, column"));
}

TEST(CloudConfig, NestedBlocksDoNotOverflowTheStack) {
  std::string block;
  for (int i = 0; i < 100'000; ++i) block += "- ";
  EXPECT_FALSE(parse_cloud_config(block));
  std::string keys;
  for (int i = 0; i < 100'000; ++i) keys += "? ";
  EXPECT_FALSE(parse_cloud_config(keys));
}

TEST(CloudConfig, AliasesAreNotExpanded) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 60; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 9; ++j) bomb += ", " + before;
    bomb += "]\n";
  }
  const auto config = parse_cloud_config(bomb + "name: &name rt\nrouteTableName: *name\ncloud: *a59\n");
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->route_table_name, "rt");
  EXPECT_EQ(config->cloud, "");
}

TEST(CloudConfig, AFileIsNamedInItsErrors) {
  const test_support::Folder folder;
  const auto good =
      kubernetes::read_cloud_config(folder.write("azure.json", "{\"cloud\": \"AzureChinaCloud\"}"));
  ASSERT_TRUE(good) << good.error().what;
  EXPECT_EQ(good->cloud, "AzureChinaCloud");
  const struct {
    std::filesystem::path file;
    int code;
  } cases[] = {{folder.path() / "missing.json", ENOENT},
               {folder.path(), EISDIR},
               {folder.write("broken.json", "{\"aadClientSecret\": \"secret"), EBADMSG},
               {folder.write("large.json", std::string((std::size_t{1} << 20) + 1, ' ')), EFBIG}};
  for (const auto& [file, code] : cases) {
    const auto config = kubernetes::read_cloud_config(file);
    ASSERT_FALSE(config) << file;
    EXPECT_EQ(config.error().code.value(), code) << config.error().what;
    EXPECT_THAT(config.error().what, AllOf(HasSubstr(file.string()), Not(HasSubstr("secret"))));
  }
}

TEST(CloudConfig, ValuesSteerNoTerminalAndEndNoLine) {
  constexpr auto kHostile = "a\\u001b[31mb\\u009b2Kc\\r\\nd\\u202ee";
  for (const auto* key : {"cloud", "routeTableName", "routeTableResourceGroup", "resourceGroup",
                          "subscriptionId", "networkResourceSubscriptionID"}) {
    for (const auto& text : {std::string("{\"") + key + "\": \"" + kHostile + "\"}",
                             std::string(key) + ": \"" + kHostile + "\""}) {
      const auto config = parse_cloud_config(text);
      ASSERT_TRUE(config) << config.error().what;
      EXPECT_EQ(config->cloud + config->route_table_name + config->route_table_resource_group +
                    config->resource_group + config->subscription + config->network_subscription,
                "a?[31mb?2Kc d?e");
    }
  }
  const auto identity = parse_cloud_config(std::string("{\"userAssignedIdentityID\": \"") + kHostile + "\"}");
  ASSERT_FALSE(identity) << "what is used exactly is not mended";
  EXPECT_THAT(identity.error().what,
              HasSubstr("userAssignedIdentityID holds a character that no id has, at 2 of"));
}

TEST(CloudConfig, TheRouteTableIsWhereTheCloudProviderLooksForIt) {
  // As AKS writes it: no routeTableResourceGroup.
  auto config =
      parse_cloud_config(R"({"subscriptionId": "s", "resourceGroup": "MC_rg", "vnetResourceGroup": "vnet-rg",
                                       "routeTableName": "aks-agentpool-routetable"})");
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->table_resource_group(), "MC_rg");
  EXPECT_EQ(config->table_subscription(), "s");
  config = parse_cloud_config(
      R"({"subscriptionId": "s", "networkResourceSubscriptionID": "hub", "resourceGroup": "rg",
                                  "routeTableResourceGroup": "tables", "routeTableName": "rt"})");
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->table_resource_group(), "tables");
  EXPECT_EQ(config->table_subscription(), "hub");
  EXPECT_EQ(observed::CloudConfig{}.table_resource_group(), "");
  EXPECT_EQ(observed::CloudConfig{}.table_subscription(), "");
}

}  // namespace
