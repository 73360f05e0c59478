#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "arm/arm.h"
#include "arm/endpoint.h"

namespace {

using testing::AllOf;
using testing::HasSubstr;

observed::CloudConfig configured(std::string cloud, std::string endpoint = {}) {
  observed::CloudConfig config;
  config.cloud = std::move(cloud);
  config.resource_manager_endpoint = std::move(endpoint);
  return config;
}

TEST(Cloud, EveryNameInEitherPlaceAndAnyCaseIsKnown) {
  const struct {
    const char* name;
    const char* endpoint;
  } cases[] = {
      {"", "https://management.azure.com"},
      {"AzurePublicCloud", "https://management.azure.com"},
      {"AZUREPUBLICCLOUD", "https://management.azure.com"},
      {"AzureCloud", "https://management.azure.com"},
      {"AZURECLOUD", "https://management.azure.com"},
      {"AzureUSGovernmentCloud", "https://management.usgovcloudapi.net"},
      {"AZUREUSGOVERNMENT", "https://management.usgovcloudapi.net"},
      {"AzureUSGovernment", "https://management.usgovcloudapi.net"},
      {"AzureChinaCloud", "https://management.chinacloudapi.cn"},
      {"azurechinacloud", "https://management.chinacloudapi.cn"},
  };
  for (const auto& [name, endpoint] : cases) {
    SCOPED_TRACE(name);
    const arm::Cloud expected{.endpoint = endpoint, .audience = std::string(endpoint) + "/"};
    EXPECT_EQ(arm::cloud_of(configured(name), "").value(), expected);
    EXPECT_EQ(arm::cloud_of(configured(""), name).value(), expected);
  }
}

TEST(Cloud, AzureJsonCountsBeforeImds) {
  EXPECT_EQ(arm::cloud_of(configured("AzureChinaCloud"), "AzurePublicCloud")->endpoint,
            "https://management.chinacloudapi.cn");
}

TEST(Cloud, AnUnknownNameIsRefusedWithWhereItStands) {
  for (const char* name : {"AzureGermanCloud", "AzureStackCloud", "Azure", "public\ncloud"}) {
    const auto cloud = arm::cloud_of(configured(name), "AzurePublicCloud");
    ASSERT_FALSE(cloud) << name;
    EXPECT_EQ(cloud.error().code.value(), EINVAL);
    EXPECT_THAT(cloud.error().what,
                AllOf(HasSubstr("\"cloud\" in azure.json"), HasSubstr("resourceManagerEndpoint")));
  }
  const auto cloud = arm::cloud_of(configured(""), "AzureMoonCloud");
  ASSERT_FALSE(cloud);
  EXPECT_THAT(cloud.error().what, AllOf(HasSubstr("'AzureMoonCloud'"), HasSubstr("azEnvironment of IMDS")));
}

TEST(Cloud, ACustomOneIsWhereItsEndpointIsAndSaysItsAudienceItself) {
  const struct {
    const char* given;
    const char* endpoint;
  } cases[] = {
      {"https://management.local.azurestack.external/", "https://management.local.azurestack.external"},
      {"HTTPS://Management.Local:30024", "https://management.local:30024"},
      {"http://127.0.0.1:8443", "http://127.0.0.1:8443"},
      {"http://[::1]:8443/", "http://[::1]:8443"},
  };
  for (const auto& [given, endpoint] : cases) {
    SCOPED_TRACE(given);
    for (const char* name : {"AzureStackCloud", "", "AzurePublicCloud"}) {
      const auto cloud = arm::cloud_of(configured(name, given), "");
      ASSERT_TRUE(cloud) << cloud.error().what;
      EXPECT_EQ(*cloud, (arm::Cloud{.endpoint = endpoint, .audience = ""}));
    }
  }
}

TEST(Cloud, AKnownCloudsEndpointNeedsNoQuestion) {
  const auto cloud = arm::cloud_of(configured("", "https://management.usgovcloudapi.net/"), "");
  ASSERT_TRUE(cloud);
  EXPECT_EQ(cloud->audience, "https://management.usgovcloudapi.net/");
}

TEST(Cloud, AnEndpointThatCouldLoseATokenIsRefused) {
  for (const char* endpoint : {"management.local",
                               "http://management.local",
                               "http://10.0.0.1",
                               "http://localhost:80",
                               "ftp://x",
                               "https://",
                               "https:///x",
                               "https://host/path",
                               "https://user@host",
                               "https://host?x",
                               "https://host#x",
                               "https://host:",
                               "https://host:0",
                               "https://host:99999",
                               "https://host:80x",
                               "https://[::1",
                               "https://[x]",
                               "https://ho st",
                               "https://host\r\n",
                               "http://127.0.0.1.evil.example",
                               "http://127.0.0.1@evil.example"}) {
    SCOPED_TRACE(endpoint);
    const auto cloud = arm::cloud_of(configured("AzureStackCloud", endpoint), "");
    ASSERT_FALSE(cloud);
    EXPECT_EQ(cloud.error().code.value(), EINVAL);
    EXPECT_THAT(cloud.error().what, HasSubstr("resourceManagerEndpoint "));
  }
}

TEST(Cloud, AnEndpointThatIsRefusedIsNotQuoted) {
  for (const auto* endpoint :
       {"https://u:S3cret@management.azure.com/", "http://management.azure.com/?sig=S3cret", "S3cret"}) {
    const auto cloud = arm::cloud_of(configured("AzureStackCloud", endpoint), "");
    ASSERT_FALSE(cloud);
    EXPECT_THAT(cloud.error().what, testing::Not(testing::ContainsRegex("[sS]3cret"))) << endpoint;
  }
}

TEST(Audience, IsTheFirstOneInEitherShape) {
  const std::string endpoint = "https://management.local";
  const auto of = [&endpoint](const std::string& json) {
    return arm::parse_audience(json, endpoint).value_or("none");
  };
  const std::string own = R"({"authentication":{"audiences":["https://own/guid","https://second/"]}})";
  const std::string listed =
      R"({"resourceManager":"https://Management.local/","authentication":{"audiences":["https://listed/"]}})";
  const std::string other =
      R"({"resourceManager":"https://management.azure.com","authentication":{"audiences":["https://other/"]}})";
  EXPECT_EQ(of(own), "https://own/guid");
  EXPECT_EQ(of("[" + own + "]"), "https://own/guid");
  EXPECT_EQ(of("[" + other + "," + listed + "]"), "https://listed/");
  EXPECT_EQ(of("[" + other + "," + own + "]"), "none");
  for (const char* garbage :
       {"", "<html>", "null", "[]", "{}", "[1,2]", R"({"authentication":[]})",
        R"({"authentication":{"audiences":{}}})", R"({"authentication":{"audiences":[7]}})",
        R"({"authentication":{"audiences":[""]}})", R"({"authentication":{"audiences":["a b"]}})"}) {
    const auto audience = arm::parse_audience(garbage, endpoint);
    ASSERT_FALSE(audience) << garbage;
    EXPECT_EQ(audience.error().code.value(), EBADMSG);
  }
}

TEST(Link, IsFollowedOnlyToTheSameListOnTheSameEndpoint) {
  const auto target = [](const std::string& link) {
    return arm::target_of_link(link, "https://management.azure.com", "/a/nics").value_or("refused");
  };
  EXPECT_EQ(target("https://management.azure.com/a/nics?api-version=1&$skip=2"),
            "/a/nics?api-version=1&$skip=2");
  EXPECT_EQ(target("https://Management.Azure.com:443/A/NICs?x"), "/A/NICs?x");
  for (const char* link :
       {"", "/a/nics?x", "http://management.azure.com/a/nics?x", "https://management.azure.com.evil/a/nics?x",
        "https://management.azure.com@evil/a/nics?x", "https://management.azure.com:8443/a/nics?x",
        "https://evil/https://management.azure.com/a/nics?x", "https://management.azure.com/a/nics/../../b?x",
        "https://management.azure.com/b?x", "https://management.azure.com/a/nics?x y",
        "https://management.azure.com/a/nics?x\r\nHost:evil", "https://management.azure.com/a/nics?x#y"}) {
    EXPECT_EQ(target(link), "refused") << link;
  }
}

}  // namespace
