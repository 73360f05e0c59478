#include "agent/cloud/azure_asker.h"

#include <algorithm>
#include <utility>

#include "https/https.h"
#include "kubernetes/local_files.h"

namespace agent {
namespace {

constexpr auto kTokenPatience = std::chrono::seconds(10);
// Questions may come in quick succession (a NIC that comes and goes), verifications do not: each is five
// to seven reads, and ARM refills 25 a second for all nodes of a principal.
constexpr auto kRest = std::chrono::milliseconds(1000);

/// Every part of it could not be read for the same reason.
observed::AzureNetwork nothing_seen(const net::Error& error) {
  const tl::unexpected<net::Error> why(error);
  return {.nic = why, .subnet = why, .route_table = why, .network = why, .security_groups = why};
}

imds::Options token_options(const CloudQuery& query) {
  imds::Options options;
  options.endpoint = query.imds_endpoint;
  options.read_timeout = kTokenPatience;
  return options;
}

}  // namespace

struct AzureAsker::Connection {
  arm::Cloud cloud;
  std::string imds_endpoint;
  std::string client_id;
  imds::TokenKeeper tokens;
  arm::Client client;
};

AzureAsker::AzureAsker(kubernetes::FilesOf whose, std::function<void(observed::Request)> note)
    : whose_(whose), note_(std::move(note)) {}
AzureAsker::~AzureAsker() = default;

net::Result<arm::Client*> AzureAsker::client_for(const CloudQuery& query,
                                                 const observed::CloudConfig& config) {
  auto cloud = arm::cloud_of(config, query.environment);
  if (!cloud) return net::pass_on(cloud);
  const auto& client_id = query.client_id.empty() ? config.user_assigned_identity : query.client_id;
  const bool same = connection_ && connection_->cloud == *cloud && connection_->client_id == client_id &&
                    connection_->imds_endpoint == query.imds_endpoint;
  if (!same) {
    const auto get = [this](const https::Request& request) { return noted_get(request); };
    connection_ = std::make_unique<Connection>(
        Connection{.cloud = *cloud,
                   .imds_endpoint = query.imds_endpoint,
                   .client_id = client_id,
                   .tokens = imds::TokenKeeper(token_options(query), client_id),
                   .client = arm::Client(*cloud, get, [this](const std::string& audience, bool fresh) {
                     return connection_->tokens.token(audience, fresh);
                   })});
  }
  return &connection_->client;
}

net::Result<https::Response> AzureAsker::noted_get(const https::Request& request) {
  const auto begin = std::chrono::steady_clock::now();
  auto response = https::get({}, request);
  if (note_) {
    const auto took = std::chrono::steady_clock::now() - begin;
    note_({.to = observed::Service::arm,
           .outcome =
               response ? observed::outcome_of(response->status) : observed::outcome_of(response.error()),
           .took = std::chrono::duration_cast<std::chrono::milliseconds>(took)});
  }
  return response;
}

AzureAsker::Answer AzureAsker::ask(const CloudQuery& query, std::chrono::steady_clock::time_point finish_by) {
  Answer answer{.cloud_config = kubernetes::read_cloud_config(query.cloud_config, whose_),
                .azure = {},
                .resume_after = {}};
  if (!query.verify) return answer;
  const auto mac = net::MacAddress::parse(query.mac);
  if (query.resource_id.empty() || !mac) {
    answer.azure = nothing_seen({{EAGAIN, std::system_category()}, "IMDS has not answered which VM this is"});
    return answer;
  }
  const auto client = client_for(query, answer.cloud_config.value_or(observed::CloudConfig{}));
  if (!client) {
    answer.azure = nothing_seen(client.error());
    return answer;
  }
  const auto read_at = std::chrono::system_clock::now();
  auto verification = (*client)->verify(query.resource_id, *mac, finish_by);
  answer.azure = std::move(verification.seen);
  answer.azure->read_at = read_at;
  if (verification.requests > 0) answer.resume_after = kRest;
  if (verification.resume_after)
    answer.resume_after = std::max(answer.resume_after, *verification.resume_after);
  return answer;
}

}  // namespace agent
