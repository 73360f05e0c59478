// What IMDS says and refuses, as an HTTP client of another make and a bare socket see it.
#include <gmock/gmock.h>

#include <cerrno>
#include <chrono>
#include <string>

#include "../imds/files.h"
#include "imds_client.h"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using simulator::Fault;
using simulator::Imds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;
using Kind = Fault::Kind;

TEST_F(Simulated, HeadersAreThoseOfImds) {
  const auto response = get(kInstance);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.version, "HTTP/1.1");
  EXPECT_EQ(response.get_header_value("Content-Type"), "application/json; charset=utf-8");
  EXPECT_EQ(response.get_header_value("Server"), "IMDS/150.870.65.1854");
  EXPECT_EQ(response.get_header_value("Content-Length"), std::to_string(response.body.size()));
  EXPECT_THAT(response.get_header_value("x-ms-request-id"),
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_THAT(response.get_header_value("Date"),
              MatchesRegex("[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT"));
  EXPECT_FALSE(response.has_header("Transfer-Encoding"));
  EXPECT_FALSE(response.has_header("Connection"));
}

TEST_F(Simulated, AConnectionServesSeveralRequests) {
  auto kept = client();
  kept.set_keep_alive(true);
  for (int i = 0; i < 3; ++i) {
    const auto result = kept.Get(kInstance, kMetadata);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 200);
  }
  EXPECT_EQ(kept.is_socket_open(), 1U);
}

struct Refused {
  const char* name;
  std::string target;
  httplib::Headers headers;
  int status;
  const char* error;
};

TEST_F(Simulated, WhatImdsRefusesIsRefused) {
  const Refused cases[] = {
      {"no Metadata header", kInstance, {}, 400, "Bad request. Required metadata header not specified"},
      {"Metadata: false", kInstance, {{"Metadata", "false"}}, 400, "Required metadata header not specified"},
      {"forwarded",
       kInstance,
       {{"Metadata", "true"}, {"X-Forwarded-For", "10.0.0.1"}},
       400,
       "X-Forwarded-For"},
      {"no api-version", "/metadata/instance", kMetadata, 400, "api-version is invalid or was not specified"},
      {"unknown api-version", "/metadata/instance?api-version=2021-02-02", kMetadata, 400,
       "api-version is invalid"},
      {"parameter twice", kInstance + "&format=json&format=json", kMetadata, 400, "twice"},
      {"api-version twice", kInstance + "&api-version=2021-02-01", kMetadata, 400, "twice"},
      {"unknown format", kInstance + "&format=xml", kMetadata, 400, "format"},
      {"a leaf in JSON", "/metadata/instance/compute/name?api-version=2021-02-01", kMetadata, 400, "leaf"},
      {"unknown key", "/metadata/instance/compute/nonsense?api-version=2021-02-01", kMetadata, 404,
       "Not found"},
      {"unknown index", "/metadata/instance/network/interface/2?api-version=2021-02-01", kMetadata, 404,
       "Not found"},
      {"an index that is none", "/metadata/instance/network/interface/x?api-version=2021-02-01", kMetadata,
       404, "Not found"},
      {"below a leaf", "/metadata/instance/compute/name/x?api-version=2021-02-01", kMetadata, 404,
       "Not found"},
      {"load balancer", "/metadata/loadbalancer?api-version=2020-10-01", kMetadata, 404, "Not found"},
      {"another root", "/latest/meta-data", kMetadata, 404, "Not found"},
  };
  for (const auto& [name, target, headers, status, error] : cases) {
    SCOPED_TRACE(name);
    const auto response = get(target, headers);
    EXPECT_EQ(response.status, status);
    EXPECT_THAT(json::parse(response.body, nullptr, false).value("error", ""), HasSubstr(error));
  }
}

TEST_F(Simulated, ABadApiVersionNamesTheThreeNewest) {
  EXPECT_EQ(get_json("/metadata/instance?api-version=1"), json::parse(sample("error_400_api_version.json")));
}

TEST_F(Simulated, OnlyGetIsAllowed) {
  EXPECT_EQ(client().Post(kInstance, kMetadata, "", "text/plain")->status, 405);
  EXPECT_EQ(client().Put(kToken, kMetadata, "", "text/plain")->status, 405);
  EXPECT_EQ(client().Delete(kInstance, kMetadata)->status, 405);
}

TEST_F(Simulated, TheMetadataHeaderIsTakenInAnyCase) {
  EXPECT_EQ(get(kInstance, {{"metadata", "True"}}).status, 200);
}

TEST_F(Simulated, VersionsNeedNoApiVersion) {
  const auto versions = get_json("/metadata/versions")["apiVersions"];
  ASSERT_EQ(versions.size(), 35U);
  EXPECT_EQ(versions.front(), "2017-03-01");
  EXPECT_EQ(versions.back(), "2025-04-07");
  for (const auto& version : versions) {
    EXPECT_EQ(get("/metadata/instance?api-version=" + version.get<std::string>()).status, 200) << version;
  }
}

TEST_F(Simulated, FieldsAppearWithTheirApiVersion) {
  const struct {
    const char* field;
    const char* before;
    const char* since;
  } cases[] = {
      {"subscriptionId", "2017-04-02", "2017-08-01"},
      {"resourceGroupName", "2017-04-02", "2017-08-01"},
      {"tags", "2017-04-02", "2017-08-01"},
      {"placementGroupId", "2017-04-02", "2017-08-01"},
      {"vmScaleSetName", "2017-10-01", "2017-12-01"},
      {"zone", "2017-10-01", "2017-12-01"},
      {"azEnvironment", "2018-04-02", "2018-10-01"},
      {"provider", "2018-04-02", "2018-10-01"},
      {"resourceId", "2019-02-01", "2019-03-11"},
      {"storageProfile", "2019-04-30", "2019-06-01"},
      {"tagsList", "2019-06-01", "2019-06-04"},
      {"osProfile", "2020-06-01", "2020-07-15"},
      {"virtualMachineScaleSet", "2021-02-01", "2021-03-01"},
      {"platformSubFaultDomain", "2021-08-01", "2021-10-01"},
      {"physicalZone", "2023-07-01", "2023-11-15"},
  };
  const auto compute = [this](const char* version) {
    return get_json(std::string("/metadata/instance/compute?api-version=") + version);
  };
  for (const auto& [field, before, since] : cases) {
    SCOPED_TRACE(field);
    EXPECT_FALSE(compute(before).contains(field));
    EXPECT_TRUE(compute(since).contains(field));
  }
  for (const char* field : {"name", "location", "vmId", "vmSize", "osType"}) {
    EXPECT_TRUE(compute("2017-04-02").contains(field)) << field;
  }
  EXPECT_EQ(get("/metadata/instance/compute/resourceId?api-version=2017-04-02&format=text").status, 404);
}

TEST_F(Simulated, TextListsChildrenAndShowsLeaves) {
  const auto text = [this](const std::string& path) {
    const auto response = get(path + "?api-version=2021-02-01&format=text");
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.get_header_value("Content-Type"), "text/plain; charset=utf-8");
    return response.body;
  };
  EXPECT_EQ(text("/metadata/instance"), "compute/\nnetwork/");
  EXPECT_EQ(text("/metadata/instance/"), "compute/\nnetwork/");
  EXPECT_EQ(text("/metadata/instance/network/interface"), "0/\n1/");
  EXPECT_EQ(text("/metadata/instance/network/interface/0"), "ipv4/\nipv6/\nmacAddress");
  EXPECT_EQ(text("/metadata/instance/network/interface/0/ipv4/ipAddress/1/privateIpAddress"), "10.224.0.17");
  EXPECT_EQ(text("/metadata/instance/network/interface/0/ipv4/ipAddress/1/publicIpAddress"), "");
  EXPECT_EQ(text("/metadata/instance/network/interface/1/ipv6/ipAddress"), "");
}

TEST_F(Simulated, APartInJsonIsThatPartAlone) {
  EXPECT_TRUE(get_json("/metadata/instance/network/interface?api-version=2021-02-01").is_array());
  EXPECT_EQ(get_json("/metadata/instance/network/interface/0/ipv4/subnet?api-version=2021-02-01"),
            json::parse(R"([{"address":"10.224.0.0","prefix":"16"}])"));
}

void expect_strings_only(const json& value) {
  if (value.is_structured()) {
    for (const auto& each : value) expect_strings_only(each);
  } else {
    EXPECT_TRUE(value.is_string()) << value;
  }
}

TEST_F(Simulated, EveryLeafIsAString) {
  ASSERT_TRUE(simulator_->set_document(
      R"([{"macAddress":"000D3AF806EC","flag":true,"ipv4":{"subnet":[{"address":"10.0.0.0","prefix":24}]}}])"));
  const auto network = get_json("/metadata/instance/network?api-version=2021-02-01");
  expect_strings_only(network);
  EXPECT_EQ(network["interface"][0]["ipv4"]["subnet"][0]["prefix"], "24");
  EXPECT_EQ(network["interface"][0]["flag"], "true");
}

TEST_F(Simulated, EveryDocumentFormIsTakenAndRubbishRefused) {
  for (const char* file : {"real_vm_2020_trimmed.json", "docs_network_dualstack.json",
                           "agentbaker_aks_dualstack_node_interface.json"}) {
    ASSERT_TRUE(simulator_->set_document(sample(file))) << file;
    EXPECT_TRUE(get_json(kInstance)["network"]["interface"].is_array()) << file;
  }
  for (const char* rubbish : {"", "{", "7", "\"text\""})
    EXPECT_FALSE(simulator_->set_document(rubbish)) << rubbish;
}

TEST_F(Simulated, FiveRequestsPerSecondAndThen429) {
  simulator_->set_rate_limit({});
  int answered = 0;
  int throttled = 0;
  const auto started = steady_clock::now();
  for (int i = 0; i < 30; ++i) {
    const auto status = get(kInstance).status;
    answered += status == 200 ? 1 : 0;
    throttled += status == 429 ? 1 : 0;
  }
  const auto seconds = std::chrono::duration<double>(steady_clock::now() - started).count();
  EXPECT_EQ(answered + throttled, 30);
  EXPECT_GE(answered, 5);
  EXPECT_LE(answered, 5 + static_cast<int>(5 * seconds) + 1);
  EXPECT_EQ(get(kToken).status, 200) << "identity has a limit of its own";
}

TEST_F(Simulated, OtherSourcesGetNoAnswerNotEvenARefusal) {
  ASSERT_TRUE(
      simulator_->set_sources({*net::Address::parse("127.0.0.2"), *net::Address::parse("127.0.0.3")}));
  EXPECT_EQ(RawConnection(simulator_->endpoint(), "127.0.0.1", 300ms).error, EINPROGRESS)
      << "connect() timed out";
  for (const char* source : {"127.0.0.2", "127.0.0.3"}) {
    RawConnection raw(simulator_->endpoint(), source);
    ASSERT_EQ(raw.error, 0) << source;
    raw.send("GET /metadata/versions HTTP/1.1\r\nHost: x\r\nMetadata: true\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(raw.receive(), StartsWith("HTTP/1.1 200 OK"));
  }
  EXPECT_EQ(simulator_->recent().back().source, "127.0.0.3");
  ASSERT_TRUE(simulator_->set_sources({}));
  EXPECT_EQ(get(kInstance).status, 200);
  EXPECT_FALSE(simulator_->set_sources({*net::Address::parse("::1")}));
}

TEST_F(Simulated, RequestsAreRecorded) {
  EXPECT_FALSE(simulator_->await_requests(1, 0ms));
  get(kInstance, {{"Metadata", "true"}, {"X-Custom", "value"}});
  get("/nowhere");
  ASSERT_EQ(simulator_->request_count(), 2U);
  const auto seen = simulator_->recent();
  EXPECT_EQ(seen[0].method, "GET");
  EXPECT_EQ(seen[0].target, kInstance);
  EXPECT_EQ(seen[0].source, "127.0.0.1");
  EXPECT_EQ(seen[0].status, 200U);
  EXPECT_THAT(seen[0].headers, testing::Contains(testing::Pair("X-Custom", "value")));
  EXPECT_EQ(seen[1].status, 404U);
  simulator_->forget_requests();
  EXPECT_EQ(simulator_->request_count(), 0U);
}

TEST_F(Simulated, StopsAtOnceWithConnectionsOpen) {
  simulator_->set_fault({.kind = Kind::silence});
  RawConnection open(simulator_->endpoint());
  open.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(simulator_->await_requests(1, 10s));
  const auto started = steady_clock::now();
  simulator_.reset();
  EXPECT_LT(steady_clock::now() - started, 500ms);
}

TEST(ImdsStart, ABadAddressOrDocumentOrATakenPortIsAnError) {
  EXPECT_EQ(Imds::start({.listen = "localhost:0"}).error().code.value(), EINVAL);
  EXPECT_EQ(Imds::start({.listen = "[::1]:0"}).error().code.value(), EINVAL);
  EXPECT_EQ(Imds::start({.listen = "127.0.0.1"}).error().code.value(), EINVAL);
  EXPECT_EQ(Imds::start({.document = "{"}).error().code.value(), EINVAL);
  const auto first = Imds::start();
  ASSERT_TRUE(first);
  const auto second = Imds::start({.listen = (*first)->endpoint().substr(7)});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code.value(), EADDRINUSE);
}

}  // namespace
