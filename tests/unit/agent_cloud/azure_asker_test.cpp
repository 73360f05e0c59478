#include "agent/cloud/azure_asker.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/support/folder.h"

namespace agent {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// IMDS's tokens and Resource Manager at one address without TLS, which loopback is believed.
class AzureAskerTest : public ::testing::Test {
 protected:
  AzureAskerTest() {
    server_.Get("/metadata/identity/oauth2/token", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(R"({"access_token":"the-token-of-this-vm","expires_in":"3600"})",
                           "application/json");
    });
    server_.Get("/metadata/endpoints", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(R"({"authentication":{"audiences":["https://management.local/"]}})",
                           "application/json");
    });
    server_.Get("/subscriptions/.*", [this](const httplib::Request&, httplib::Response& response) {
      ++reads_;
      response.status = status_;
      if (status_ == 429) response.set_header("Retry-After", "7");
    });
    const int port = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();  // or stop() would wait for ever
    const auto endpoint = "http://127.0.0.1:" + std::to_string(port);
    query_.imds_endpoint = endpoint;
    query_.cloud_config =
        folder_.write("azure.json", R"({"resourceManagerEndpoint":")" + endpoint + "\"}").string();
    query_.mac = "00:0d:3a:f8:06:ec";
    query_.resource_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm-0";
  }
  ~AzureAskerTest() override {
    server_.stop();
    thread_.join();
  }

  AzureAsker::Answer ask() { return asker_.ask(query_, steady_clock::now() + 20s); }

  httplib::Server server_;
  std::thread thread_;
  test_support::Folder folder_;
  std::atomic<int> reads_ = 0;
  std::atomic<int> status_ = 404;
  CloudQuery query_;
  AzureAsker asker_{kubernetes::FilesOf::anybody};
};

TEST_F(AzureAskerTest, EachVerificationIsFollowedByARest) {
  EXPECT_EQ(ask().resume_after, 1s);
  EXPECT_EQ(reads_, 1);
  status_ = 429;
  EXPECT_EQ(ask().resume_after, 7s) << "what ARM wants counts where it is longer";
}

TEST_F(AzureAskerTest, WhatAsksNothingIsNotRestedFrom) {
  query_.resource_id = "";
  EXPECT_EQ(ask().resume_after, 0s);
  query_.verify = false;
  const auto answer = ask();
  EXPECT_EQ(answer.resume_after, 0s);
  EXPECT_FALSE(answer.azure);
  EXPECT_TRUE(answer.cloud_config);
  EXPECT_EQ(reads_, 0);
}

}  // namespace
}  // namespace agent
