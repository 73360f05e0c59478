#pragma once

// A simulator for each case, and an HTTP client of another make and a bare socket that ask it.

#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "raw_connection.h"
#include "simulator/imds.h"
#include "simulator/metadata.h"

inline const httplib::Headers kMetadata = {{"Metadata", "true"}};
inline const std::string kInstance = "/metadata/instance?api-version=2021-02-01";
inline const std::string kToken =
    "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F";

class Simulated : public testing::Test {
 protected:
  Simulated() {
    auto started = simulator::Imds::start(
        {.document = std::string(default_document(simulator::Form::scale_set)),
         .rate_limit = {.per_second = 0, .identity_per_second = 0, .identity_concurrent = 0}});
    if (!started) throw std::runtime_error(started.error().what);
    simulator_ = *std::move(started);
  }

  httplib::Client client() const {
    httplib::Client client(simulator_->endpoint());
    client.set_read_timeout(std::chrono::seconds(10));
    return client;
  }

  httplib::Response get(const std::string& target, const httplib::Headers& headers = kMetadata) const {
    const auto result = client().Get(target, headers);
    EXPECT_TRUE(result) << target << ": " << httplib::to_string(result.error());
    return result ? *result : httplib::Response();
  }

  nlohmann::json get_json(const std::string& target) const {
    return nlohmann::json::parse(get(target).body, nullptr, false);
  }

  /// The whole conversation of one request on the wire, and how it ended (RawConnection::error).
  std::pair<std::string, int> on_the_wire(
      std::chrono::milliseconds timeout = std::chrono::seconds(10)) const {
    RawConnection raw(simulator_->endpoint(), "127.0.0.1", timeout);
    raw.send("GET " + kInstance + " HTTP/1.1\r\nHost: x\r\nMetadata: true\r\nConnection: close\r\n\r\n");
    auto bytes = raw.receive();
    return {std::move(bytes), raw.error};
  }

  std::unique_ptr<simulator::Imds> simulator_;
};
