// The simulator as an HTTP client of another make and a bare socket see it.
#include "imds/simulator/simulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "files.h"
#include "imds/simulator/default_document.h"
#include "raw_connection.h"

namespace {

using namespace std::chrono_literals;
using imds::simulator::Fault;
using imds::simulator::Simulator;
using nlohmann::json;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;
using Kind = Fault::Kind;

const httplib::Headers kMetadata = {{"Metadata", "true"}};
const std::string kInstance = "/metadata/instance?api-version=2021-02-01";
const std::string kToken =
    "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F";

class Simulated : public testing::Test {
 protected:
  Simulated() {
    auto started = Simulator::start(
        {.document = std::string(default_document(imds::simulator::Form::scale_set)),
         .rate_limit = {.per_second = 0, .identity_per_second = 0, .identity_concurrent = 0}});
    if (!started) throw std::runtime_error(started.error().what);
    simulator_ = *std::move(started);
  }

  httplib::Client client() const {
    httplib::Client client(simulator_->endpoint());
    client.set_read_timeout(10s);
    return client;
  }

  httplib::Response get(const std::string& target, const httplib::Headers& headers = kMetadata) const {
    const auto result = client().Get(target, headers);
    EXPECT_TRUE(result) << target << ": " << httplib::to_string(result.error());
    return result ? *result : httplib::Response();
  }

  json get_json(const std::string& target) const { return json::parse(get(target).body, nullptr, false); }

  /// The whole conversation of one request on the wire, and how it ended (RawConnection::error).
  std::pair<std::string, int> on_the_wire(std::chrono::milliseconds timeout = 10s) const {
    RawConnection raw(simulator_->endpoint(), "127.0.0.1", timeout);
    raw.send("GET " + kInstance + " HTTP/1.1\r\nHost: x\r\nMetadata: true\r\nConnection: close\r\n\r\n");
    auto bytes = raw.receive();
    return {std::move(bytes), raw.error};
  }

  std::unique_ptr<Simulator> simulator_;
};

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

TEST_F(Simulated, IdentityTakesTwentyRequestsPerSecond) {
  simulator_->set_rate_limit({});
  const auto started = steady_clock::now();
  int answered = 0;
  for (int i = 0; i < 60; ++i) answered += get(kToken).status == 200 ? 1 : 0;
  const auto seconds = std::chrono::duration<double>(steady_clock::now() - started).count();
  EXPECT_GE(answered, 20);
  EXPECT_LE(answered, 20 + static_cast<int>(20 * seconds) + 1);
}

TEST_F(Simulated, IdentityTakesFiveRequestsAtATime) {
  simulator_->set_rate_limit({.per_second = 0, .identity_per_second = 0, .identity_concurrent = 5});
  simulator_->set_fault({.kind = Kind::slow, .delay = 1s, .path = "/metadata/identity"});
  std::vector<std::future<int>> open;
  open.reserve(5);
  for (int i = 0; i < 5; ++i) {
    open.push_back(std::async(std::launch::async, [this] { return get(kToken).status; }));
  }
  ASSERT_TRUE(simulator_->await_requests(5, 10s));
  EXPECT_EQ(get(kToken).status, 429);
  for (auto& each : open) EXPECT_EQ(each.get(), 200);
  simulator_->clear_faults();
  EXPECT_EQ(get(kToken).status, 200);
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

TEST_F(Simulated, EachStatusComesWithAJsonBody) {
  for (const unsigned code : {400U, 403U, 404U, 405U, 410U, 429U, 500U, 503U}) {
    simulator_->set_fault({.kind = Kind::status, .code = code});
    const auto response = get(kInstance);
    EXPECT_EQ(response.status, static_cast<int>(code));
    EXPECT_TRUE(json::parse(response.body, nullptr, false).contains("error")) << code;
    EXPECT_TRUE(json::parse(get(kToken).body, nullptr, false).contains("error_description")) << code;
  }
  simulator_->set_fault({.kind = Kind::status, .code = 500, .text = "pod list is empty"});
  EXPECT_EQ(get(kInstance).body, "pod list is empty");
}

TEST_F(Simulated, AFaultEndsAfterItsCountAndTheNextOneComes) {
  simulator_->set_faults(
      {{.kind = Kind::status, .code = 404, .count = 2}, {.kind = Kind::status, .code = 503, .count = 1}});
  std::vector<int> statuses;
  statuses.reserve(4);
  for (int i = 0; i < 4; ++i) statuses.push_back(get(kInstance).status);
  EXPECT_THAT(statuses, testing::ElementsAre(404, 404, 503, 200));
  EXPECT_TRUE(simulator_->faults().empty());
}

TEST_F(Simulated, AFaultEndsAfterItsTime) {
  const auto set = steady_clock::now();
  simulator_->set_fault({.kind = Kind::status, .code = 410, .duration = 300ms});
  EXPECT_EQ(get(kInstance).status, 410);
  while (get(kInstance).status == 410) ASSERT_LT(steady_clock::now() - set, 10s);
  EXPECT_GE(steady_clock::now() - set, 300ms);
}

TEST_F(Simulated, AFaultMayConcernOnePathAlone) {
  simulator_->set_fault({.kind = Kind::status, .code = 500, .path = "/metadata/identity"});
  EXPECT_EQ(get(kInstance).status, 200);
  EXPECT_EQ(get(kToken).status, 500);
}

TEST_F(Simulated, PagesAndRedirects) {
  simulator_->set_fault({.kind = Kind::not_json});
  EXPECT_EQ(get(kInstance).status, 200);
  EXPECT_THAT(get(kInstance).body, StartsWith("<!DOCTYPE html>"));
  simulator_->set_fault({.kind = Kind::proxy_403});
  EXPECT_EQ(get(kInstance).status, 403);
  EXPECT_THAT(get(kInstance).body, HasSubstr("unreachable"));
  simulator_->set_fault({.kind = Kind::redirect, .text = "http://127.0.0.1:1/"});
  EXPECT_EQ(get(kInstance).status, 302);
  EXPECT_EQ(get(kInstance).get_header_value("Location"), "http://127.0.0.1:1/");
  simulator_->set_fault({.kind = Kind::huge_body});
  EXPECT_GT(get(kInstance).body.size(), std::size_t{1} << 20);
}

TEST_F(Simulated, FaultsOnTheWireAreWhatTheySay) {
  const auto whole = on_the_wire();
  ASSERT_EQ(whole.second, 0);
  const auto header_size = whole.first.find("\r\n\r\n") + 4;
  const auto body_size = whole.first.size() - header_size;

  simulator_->set_fault({.kind = Kind::reset});
  EXPECT_EQ(on_the_wire(), (std::pair<std::string, int>("", ECONNRESET)));

  simulator_->set_fault({.kind = Kind::silence});
  EXPECT_EQ(on_the_wire(300ms), (std::pair<std::string, int>("", EAGAIN)));

  simulator_->set_fault({.kind = Kind::truncate});
  const auto truncated = on_the_wire();
  EXPECT_EQ(truncated.second, 0);
  EXPECT_EQ(truncated.first.size(), header_size + body_size / 2);
  EXPECT_THAT(truncated.first, HasSubstr("Content-Length: " + std::to_string(body_size) + "\r\n"));

  for (const long lie : {7L, -7L}) {
    simulator_->set_fault({.kind = Kind::content_length, .amount = lie});
    const auto lying = on_the_wire();
    EXPECT_EQ(lying.second, 0);
    EXPECT_THAT(lying.first,
                HasSubstr("Content-Length: " + std::to_string(static_cast<long>(body_size) + lie) + "\r\n"));
    EXPECT_EQ(lying.first.size() - lying.first.find("\r\n\r\n") - 4, body_size);
  }

  simulator_->set_fault({.kind = Kind::not_http});
  EXPECT_THAT(on_the_wire().first, StartsWith("220 "));

  simulator_->set_fault({.kind = Kind::huge_header});
  EXPECT_GT(on_the_wire().first.find("\r\n\r\n"), std::size_t{16} << 10);
}

TEST_F(Simulated, TimingFaultsTakeTheirTime) {
  simulator_->set_fault({.kind = Kind::slow, .delay = 300ms});
  auto started = steady_clock::now();
  EXPECT_EQ(get(kInstance).status, 200);
  EXPECT_GE(steady_clock::now() - started, 300ms);

  simulator_->set_fault({.kind = Kind::drip, .delay = 1ms});
  started = steady_clock::now();
  const auto dripped = on_the_wire();
  EXPECT_GE(steady_clock::now() - started, dripped.first.size() * 1ms);
  EXPECT_THAT(dripped.first, StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(Simulated, DocumentFaultsChangeTheDocument) {
  const auto interfaces = [this] { return get_json(kInstance)["network"]["interface"]; };
  const auto plain = interfaces();

  simulator_->set_fault({.kind = Kind::no_network});
  EXPECT_FALSE(get_json(kInstance).contains("network"));
  EXPECT_TRUE(get_json(kInstance).contains("compute"));

  simulator_->set_fault({.kind = Kind::no_addresses});
  for (const auto& interface : interfaces()) {
    EXPECT_EQ(interface["ipv4"]["ipAddress"], json::array());
    EXPECT_EQ(interface["ipv6"]["ipAddress"], json::array());
    EXPECT_FALSE(interface["ipv4"]["subnet"].empty());
  }

  simulator_->set_fault({.kind = Kind::reorder_nics});
  EXPECT_EQ(interfaces()[0], plain[1]);
  EXPECT_EQ(interfaces()[1], plain[0]);

  simulator_->set_fault({.kind = Kind::ipv6_subnet});
  EXPECT_EQ(interfaces()[0]["ipv6"]["subnet"],
            json::parse(R"([{"address":"fd85:534e:4cd6:ab02::","prefix":"64"}])"));
  EXPECT_FALSE(interfaces()[1]["ipv6"].contains("subnet"));

  simulator_->set_fault({.kind = Kind::mac_colons});
  EXPECT_EQ(interfaces()[0]["macAddress"], "00:0D:3A:98:DA:20");
  simulator_->set_fault({.kind = Kind::mac_lower_case});
  EXPECT_EQ(interfaces()[0]["macAddress"], "000d3a98da20");

  ASSERT_TRUE(simulator_->set_document(sample("real_vm_2020_trimmed.json")));
  simulator_->set_fault({.kind = Kind::stale});
  EXPECT_EQ(interfaces(), plain);
  simulator_->clear_faults();
  EXPECT_EQ(interfaces()[0]["macAddress"], "0022483F7A18");
}

TEST_F(Simulated, TokensAreStringsLikeTheRealOnes) {
  const auto token = get_json(kToken);
  const auto real = json::parse(sample("token_200.json"));
  for (const auto& [key, value] : real.items()) {
    EXPECT_TRUE(token.contains(key) && token[key].is_string()) << key;
  }
  EXPECT_EQ(token.size(), real.size());
  EXPECT_EQ(token["resource"], "https://management.azure.com/");
  const auto expires_on = std::stoll(token["expires_on"].get<std::string>());
  EXPECT_NEAR(static_cast<double>(expires_on - std::time(nullptr)), 86400, 60);
}

TEST_F(Simulated, TokenFaults) {
  simulator_->set_fault({.kind = Kind::token_lifetime, .amount = -60});
  auto token = get_json(kToken);
  EXPECT_LT(std::stoll(token["expires_on"].get<std::string>()), std::time(nullptr));
  EXPECT_EQ(token["expires_in"], "-60");

  simulator_->set_fault({.kind = Kind::token_numbers});
  token = get_json(kToken);
  for (const char* key : {"expires_in", "expires_on", "ext_expires_in", "not_before"}) {
    EXPECT_TRUE(token[key].is_number_integer()) << key;
  }

  simulator_->set_fault({.kind = Kind::identity_not_found, .count = 1});
  const auto refused = get(kToken);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(json::parse(refused.body), json::parse(sample("token_400_identity_not_found.json")));
  EXPECT_EQ(get(kToken).status, 200);
}

TEST_F(Simulated, IdentityRefusesInItsOwnWords) {
  const std::string base = "/metadata/identity/oauth2/token?api-version=2018-02-01";
  const std::string known = "0d46c104-a85f-49e2-9c96-ae58c6fa927b";
  const struct {
    std::string target;
    httplib::Headers headers;
    int status;
    const char* error;
    const char* description;
  } cases[] = {
      {kToken, {}, 400, "bad_request_102", "Required metadata header not specified"},
      {base, kMetadata, 400, "invalid_request", "'resource'"},
      {base + "&resource=x&resource=y", kMetadata, 400, "invalid_request", "twice"},
      {"/metadata/identity/oauth2/token?resource=x", kMetadata, 400, "invalid_request", "'api-version'"},
      {"/metadata/identity/oauth2/token?resource=x&api-version=2017-12-01", kMetadata, 400, "invalid_request",
       "'api-version'"},
      {base + "&resource=x&client_id=unknown", kMetadata, 400, "invalid_request", "Identity not found"},
      {base + "&resource=x&client_id=" + known + "&object_id=y", kMetadata, 400, "invalid_request",
       "exclusive"},
      {"/metadata/identity/nonsense?api-version=2018-02-01", kMetadata, 404, "not_found", "Not found"},
  };
  for (const auto& [target, headers, status, error, description] : cases) {
    SCOPED_TRACE(target);
    const auto response = get(target, headers);
    const auto body = json::parse(response.body, nullptr, false);
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(body.value("error", ""), error);
    EXPECT_THAT(body.value("error_description", ""), HasSubstr(description));
  }
  EXPECT_EQ(get(base + "&resource=x&client_id=" + known).status, 200);
  EXPECT_TRUE(get_json("/metadata/identity/info?api-version=2018-02-01").contains("tenantId"));
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

TEST(SimulatorStart, ABadAddressOrDocumentOrATakenPortIsAnError) {
  EXPECT_EQ(Simulator::start({.listen = "localhost:0"}).error().code.value(), EINVAL);
  EXPECT_EQ(Simulator::start({.listen = "[::1]:0"}).error().code.value(), EINVAL);
  EXPECT_EQ(Simulator::start({.listen = "127.0.0.1"}).error().code.value(), EINVAL);
  EXPECT_EQ(Simulator::start({.document = "{"}).error().code.value(), EINVAL);
  const auto first = Simulator::start();
  ASSERT_TRUE(first);
  const auto second = Simulator::start({.listen = (*first)->endpoint().substr(7)});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code.value(), EADDRINUSE);
}

}  // namespace
