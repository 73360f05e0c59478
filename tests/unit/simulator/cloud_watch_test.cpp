// Watches: what comes, in which order, and how they end.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "cloud_client.h"

namespace {

using namespace cloud_test;

/// A watch that runs; its events as they come.
class Watcher {
 public:
  Watcher(std::unique_ptr<httplib::SSLClient> client, const std::string& path)
      : client_(std::move(client)), thread_([this, path] { run(path); }) {}
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher() {
    client_->stop();
    thread_.join();
  }

  /// The next event; null when the watch has ended or nothing comes.
  json next() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [this] { return !lines_.empty() || ended_; });
    if (lines_.empty()) return nullptr;
    auto event = json::parse(lines_.front());
    lines_.pop_front();
    return event;
  }

  /// True when the server has ended it as HTTP wants it.
  bool ends_well() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [this] { return ended_.has_value(); }) && *ended_;
  }

 private:
  void run(const std::string& path) {
    const auto result =
        client_->Get(path, httplib::Headers{{"Authorization", bearer_header(kServiceAccountToken)}},
                     [this](const char* data, size_t size) {
                       take({data, size});
                       return true;
                     });
    const std::lock_guard lock(mutex_);
    ended_ = result && result->status == 200;
    changed_.notify_all();
  }

  void take(std::string_view data) {
    const std::lock_guard lock(mutex_);
    for (const char c : data) {
      if (c != '\n') {
        line_ += c;
        continue;
      }
      lines_.push_back(std::exchange(line_, {}));
    }
    changed_.notify_all();
  }

  std::unique_ptr<httplib::SSLClient> client_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string line_;
  std::deque<std::string> lines_;
  std::optional<bool> ended_;
  std::thread thread_;
};

class Watching : public Clouded {
 protected:
  Watching() { put("10.1.0.0/24"); }

  void put(const std::string& pod_cidr) const {
    const json nodes = {{"vm-a", {{"spec", {{"podCIDR", pod_cidr}}}}}, {"vm-b", json::object()}};
    EXPECT_TRUE(cloud_->set_nodes(nodes.dump()));
  }

  std::unique_ptr<Watcher> watch(const std::string& query) const {
    cloud_->forget_requests();
    auto watcher = std::make_unique<Watcher>(
        client(), "/api/v1/nodes?watch=true&fieldSelector=metadata.name%3Dvm-a&" + query);
    EXPECT_TRUE(cloud_->await_requests(1, kPatience));
    return watcher;
  }
  std::string now() const { return std::to_string(cloud_->resource_version()); }
};

std::string pod_cidr(const json& event) { return event.at("object").at("spec").at("podCIDR"); }

TEST_F(Watching, AChangeArrivesWhileItRuns) {
  const auto watcher = watch("resourceVersion=" + now());
  put("10.1.7.0/24");
  const auto event = watcher->next();
  ASSERT_FALSE(event.is_null());
  EXPECT_EQ(event["type"], "MODIFIED");
  EXPECT_EQ(pod_cidr(event), "10.1.7.0/24");
  EXPECT_EQ(event["object"]["metadata"]["resourceVersion"], now());
  ASSERT_TRUE(cloud_->set_nodes("{}"));
  EXPECT_EQ(watcher->next()["type"], "DELETED");
  put("10.1.8.0/24");
  EXPECT_EQ(watcher->next()["type"], "ADDED");
}

TEST_F(Watching, WhatHappenedSinceTheVersionComesFirst) {
  const auto version = now();
  put("10.1.1.0/24");
  put("10.1.2.0/24");
  const auto watcher = watch("resourceVersion=" + version);
  EXPECT_EQ(pod_cidr(watcher->next()), "10.1.1.0/24");
  EXPECT_EQ(pod_cidr(watcher->next()), "10.1.2.0/24");
}

TEST_F(Watching, WithoutAVersionThePresentIsAdded) {
  const auto watcher = watch("");
  const auto event = watcher->next();
  ASSERT_FALSE(event.is_null());
  EXPECT_EQ(event["type"], "ADDED");
  EXPECT_EQ(pod_cidr(event), "10.1.0.0/24");
  put("10.1.9.0/24");
  EXPECT_EQ(watcher->next()["type"], "MODIFIED");
}

TEST_F(Watching, ATooOldVersionIsAnError410) {
  const auto version = now();
  put("10.1.1.0/24");
  ASSERT_TRUE(cloud_->compact(cloud_->resource_version()));
  for (const auto& old : {version, std::string("1")}) {
    const auto watcher = watch("resourceVersion=" + old);
    const auto event = watcher->next();
    ASSERT_FALSE(event.is_null());
    EXPECT_EQ(event["type"], "ERROR");
    EXPECT_EQ(event["object"]["kind"], "Status");
    EXPECT_EQ(event["object"]["code"], 410);
    EXPECT_EQ(event["object"]["reason"], "Expired");
    EXPECT_TRUE(watcher->ends_well());
  }
  const auto fresh = watch("resourceVersion=" + now());
  put("10.1.2.0/24");
  EXPECT_EQ(fresh->next()["type"], "MODIFIED");
  EXPECT_FALSE(cloud_->compact(cloud_->resource_version() + 1));
}

TEST_F(Watching, ItEndsAfterItsTimeWithABookmarkIfOneWasAllowed) {
  const auto plain = watch("timeoutSeconds=1&resourceVersion=" + now());
  const auto marked = watch("timeoutSeconds=1&allowWatchBookmarks=true&resourceVersion=" + now());
  const auto event = marked->next();
  ASSERT_FALSE(event.is_null());
  EXPECT_EQ(event["type"], "BOOKMARK");
  EXPECT_EQ(event["object"]["metadata"]["resourceVersion"], now());
  EXPECT_TRUE(marked->ends_well());
  EXPECT_TRUE(plain->next().is_null());
  EXPECT_TRUE(plain->ends_well());
}

TEST_F(Watching, AllAreEndedAtOnce) {
  const auto watcher = watch("resourceVersion=" + now());
  cloud_->end_watches();
  EXPECT_TRUE(watcher->ends_well());
}

TEST_F(Watching, AConnectionIsUsedAgainAfterAWatch) {
  const auto connection = client();
  connection->set_keep_alive(true);
  const httplib::Headers headers = {{"Authorization", bearer_header(kServiceAccountToken)}};
  for (int i = 0; i < 2; ++i) {
    const auto result = connection->Get("/api/v1/nodes?watch=1&timeoutSeconds=0", headers);
    ASSERT_TRUE(result) << httplib::to_string(result.error());
    EXPECT_EQ(result->get_header_value("Transfer-Encoding"), "chunked");
  }
  EXPECT_EQ(connection->Get("/api/v1/nodes/vm-a", headers)->status, 200);
}

TEST_F(Watching, ATruncatedEventEndsItBadly) {
  cloud_->set_fault({.kind = Fault::Kind::truncate});
  const auto watcher = watch("");
  EXPECT_TRUE(watcher->next().is_null());
  EXPECT_FALSE(watcher->ends_well());
}

TEST_F(Watching, TheSimulatorEndsWhileOthersWatch) {
  auto simulator = started(certificates_);
  const auto endpoint = simulator->endpoint();
  auto one =
      std::make_unique<httplib::SSLClient>("127.0.0.1", std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  one->enable_server_certificate_verification(false);
  Watcher watcher(std::move(one), "/api/v1/nodes?watch=true");
  ASSERT_TRUE(simulator->await_requests(1, kPatience));
  simulator.reset();
  EXPECT_FALSE(watcher.ends_well());
}

}  // namespace
