// The simulator's control endpoint, and the program around both.
#include "simulator/control.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "../imds/files.h"
#include "certificates.h"
#include "simulator/imds.h"

namespace {

using nlohmann::json;
using simulator::Control;
using simulator::Imds;
using simulator::Service;
using testing::HasSubstr;

class Controlled : public testing::Test {
 protected:
  Controlled() {
    auto simulator = Imds::start();
    if (!simulator) throw std::runtime_error(simulator.error().what);
    simulator_ = *std::move(simulator);
    auto control = Control::start("127.0.0.1:0", control_handlers(*simulator_));
    if (!control) throw std::runtime_error(control.error().what);
    control_ = *std::move(control);
  }

  json get(const std::string& path) const {
    const auto result = httplib::Client(control_->endpoint()).Get(path);
    EXPECT_TRUE(result && result->status == 200) << path;
    return result ? json::parse(result->body, nullptr, false) : json();
  }
  httplib::Response put(const std::string& path, const std::string& body) const {
    const auto result = httplib::Client(control_->endpoint()).Put(path, body, "application/json");
    EXPECT_TRUE(result) << path;
    return result ? *result : httplib::Response();
  }
  int remove(const std::string& path) const {
    return httplib::Client(control_->endpoint()).Delete(path)->status;
  }

  int imds_status() const {
    return httplib::Client(simulator_->endpoint())
        .Get("/metadata/instance?api-version=2021-02-01", httplib::Headers{{"Metadata", "true"}})
        ->status;
  }

  std::unique_ptr<Imds> simulator_;
  std::unique_ptr<Control> control_;
};

TEST_F(Controlled, FaultsAreSetShownAndCleared) {
  EXPECT_EQ(put("/fault", R"({"kind":"status","code":410,"count":2})").status, 204);
  EXPECT_EQ(imds_status(), 410);
  EXPECT_EQ(get("/fault"), json::parse(R"([{"kind":"status","code":410,"count":1}])"));
  EXPECT_EQ(
      put("/fault",
          R"([{"kind":"slow","delay_ms":5,"path":"/metadata/identity"},{"kind":"status","seconds":60}])")
          .status,
      204);
  EXPECT_EQ(get("/fault"), json::parse(R"([{"kind":"slow","delay_ms":5,"path":"/metadata/identity"},
                                           {"kind":"status","code":503,"seconds":60}])"));
  EXPECT_EQ(imds_status(), 503);
  EXPECT_EQ(remove("/fault"), 204);
  EXPECT_EQ(imds_status(), 200);
  EXPECT_EQ(get("/fault"), json::array());
}

TEST_F(Controlled, EveryKindOfFaultIsKnownByItsName) {
  for (const auto& each : simulator::fault_kinds(Service::imds)) {
    EXPECT_EQ(simulator::fault_name(each.kind), each.name);
    EXPECT_EQ(put("/fault", json{{"kind", each.name}}.dump()).status, 204);
    EXPECT_EQ(simulator_->faults().at(0).kind, each.kind) << each.name;
  }
}

TEST_F(Controlled, AFaultThatCannotBeReadChangesNothingAndNamesTheCulprit) {
  put("/fault", R"({"kind":"silence"})");
  const struct {
    const char* body;
    const char* culprit;
  } cases[] = {
      {"", "not valid JSON"},
      {"7", "an object with a \\\"kind\\\""},
      {R"({"code":410})", "an object with a \\\"kind\\\""},
      {R"({"kind":"nonsense"})", "nonsense"},
      {R"({"kind":"expired_token"})", "expired_token"},
      {R"({"kind":"status","colour":"red"})", "colour"},
      {R"({"kind":"status","code":"410"})", "code"},
      {R"({"kind":"status","code":99})", "code"},
      {R"({"kind":"status","count":0})", "count"},
      {R"({"kind":"status","count":99999999999999999999})", "count"},
      {R"({"kind":"slow","delay_ms":-1})", "delay_ms"},
      {R"({"kind":"slow","seconds":1.5})", "seconds"},
      {R"({"kind":"body","text":7})", "text"},
      {R"([{"kind":"reset"},{"kind":"nonsense"}])", "nonsense"},
  };
  for (const auto& [body, culprit] : cases) {
    SCOPED_TRACE(body);
    const auto response = put("/fault", body);
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(response.body, HasSubstr(culprit));
  }
  EXPECT_EQ(get("/fault"), json::parse(R"([{"kind":"silence"}])"));
}

TEST_F(Controlled, TheDocumentIsReplaced) {
  EXPECT_EQ(put("/document", sample("real_vm_2020_trimmed.json")).status, 204);
  EXPECT_EQ(get("/document"), json::parse(sample("real_vm_2020_trimmed.json")));
  const auto refused = put("/document", "{");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("not valid JSON"));
  EXPECT_EQ(get("/document"), json::parse(sample("real_vm_2020_trimmed.json")));
}

TEST_F(Controlled, LimitsAndSourcesAreSet) {
  EXPECT_EQ(put("/rate-limit", R"({"per_second":1})").status, 204);
  EXPECT_EQ(get("/rate-limit"),
            json::parse(R"({"per_second":1.0,"identity_per_second":20.0,"identity_concurrent":5})"));
  EXPECT_EQ(imds_status(), 200);
  EXPECT_EQ(imds_status(), 429);
  EXPECT_EQ(put("/rate-limit", R"({"per_second":-1})").status, 400);
  EXPECT_EQ(put("/rate-limit", R"({"per_minute":1})").status, 400);
  EXPECT_EQ(put("/rate-limit", "[]").status, 400);

  EXPECT_EQ(put("/source", R"({"allow":["127.0.0.2"]})").status, 204);
  EXPECT_EQ(get("/source"), json::parse(R"({"allow":["127.0.0.2"]})"));
  EXPECT_EQ(simulator_->sources().at(0).text(), "127.0.0.2");
  for (const char* bad :
       {R"({"allow":["x"]})", R"({"allow":["::1"]})", R"({"allow":"127.0.0.1"})", "{}", "["}) {
    EXPECT_EQ(put("/source", bad).status, 400) << bad;
  }
  EXPECT_EQ(put("/source", R"({"allow":[]})").status, 204);
  EXPECT_TRUE(simulator_->sources().empty());
}

TEST_F(Controlled, RequestsAreCountedShownAndForgotten) {
  EXPECT_EQ(get("/requests")["last"], nullptr);
  imds_status();
  const auto requests = get("/requests");
  EXPECT_EQ(requests["count"], 1);
  EXPECT_EQ(requests["last"]["headers"]["Metadata"], "true");
  EXPECT_EQ(requests["last"]["target"], "/metadata/instance?api-version=2021-02-01");
  EXPECT_EQ(requests["last"]["status"], 200);
  EXPECT_EQ(remove("/requests"), 204);
  EXPECT_EQ(get("/requests")["count"], 0);
}

TEST_F(Controlled, TheStateHoldsEverything) {
  const auto state = get("/state");
  EXPECT_EQ(state["endpoint"], simulator_->endpoint());
  for (const char* key : {"document", "faults", "rate_limit", "source", "requests"}) {
    EXPECT_TRUE(state.contains(key)) << key;
  }
}

TEST_F(Controlled, ATakenPortIsAnError) {
  const auto second = Control::start(control_->endpoint().substr(7), control_handlers(*simulator_));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code.value(), EADDRINUSE);
}

/// azure-simulator as a process of its own; ended with the object.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    arguments.insert(arguments.begin(), CAA_AZURE_SIMULATOR);
    std::vector<char*> raw;
    raw.reserve(arguments.size() + 1);
    for (auto& argument : arguments) raw.push_back(argument.data());
    raw.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(pipe[1], STDOUT_FILENO);
      ::dup2(pipe[1], STDERR_FILENO);
      ::execv(raw[0], raw.data());
      ::_exit(127);
    }
    ::close(pipe[1]);
    output_ = pipe[0];
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (process_ > 0) end(SIGKILL);
    ::close(output_);
  }

  /// The next line of its output; what there is of it when the output ends.
  std::string line() const {
    std::string text;
    char c = 0;
    while (::read(output_, &c, 1) == 1 && c != '\n') text += c;
    return text;
  }

  /// Waits for its end, after a signal if one is given (0 = none); the exit code, or 128 + the signal.
  int end(int signal) {
    if (signal != 0) ::kill(process_, signal);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t process_ = 0;
  int output_ = -1;
};

/// The URL behind the word in "listening on URL, control on URL".
std::string url(const std::string& line, const std::string& word) {
  const auto begin = line.find(word) + word.size();
  return line.substr(begin, line.find(',', begin) - begin);
}

TEST(AzureSimulator, SaysWhenItListensServesAndEndsOnSigterm) {
  Program program({"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--form", "scale-set"});
  const auto line = program.line();
  ASSERT_THAT(line, testing::MatchesRegex(
                        "listening on http://127.0.0.1:[0-9]+, control on http://127.0.0.1:[0-9]+"));
  const auto answer = httplib::Client(url(line, "listening on "))
                          .Get("/metadata/instance/compute/vmScaleSetName?api-version=2021-02-01&format=text",
                               httplib::Headers{{"Metadata", "true"}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "aks-nodepool1-25781205-vmss");
  EXPECT_EQ(httplib::Client(url(line, "control on ")).Get("/state")->status, 200);
  EXPECT_EQ(program.end(SIGTERM), 0);
}

TEST(AzureSimulator, ServesADocumentFromAFileToAnAllowedSource) {
  const test_support::Folder folder;
  write_file(folder.path() / "document.json", sample("real_vm_2020_trimmed.json"));
  Program program({"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--document",
                   (folder.path() / "document.json").string(), "--allow-source", "127.0.0.1", "--rate-limit",
                   "0"});
  const auto line = program.line();
  const auto control = httplib::Client(url(line, "control on ")).Get("/state");
  ASSERT_TRUE(control) << line;
  const auto state = json::parse(control->body);
  EXPECT_EQ(state["document"]["compute"]["name"], "nfr");
  EXPECT_EQ(state["source"]["allow"], json::array({"127.0.0.1"}));
  EXPECT_EQ(state["rate_limit"]["per_second"], 0);
  EXPECT_EQ(program.end(SIGINT), 0);
}

TEST(AzureSimulator, ServesTheCloudWhereItIsAskedFor) {
  const test_support::Folder folder;
  const CertificateAuthority authority;
  const auto server = authority.issue("IP:127.0.0.1");
  const auto file = [&folder](const char* name, const std::string& text) {
    write_file(folder.path() / name, text);
    return (folder.path() / name).string();
  };
  const auto certificate = file("server.pem", server.certificate);
  const auto key = file("server.key", server.key);
  const auto ca = file("ca.pem", authority.pem());
  Program program({"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--cloud-listen", "127.0.0.1:0",
                   "--cloud-cert", certificate, "--cloud-key", key, "--cloud-client-ca", ca, "--cloud-token",
                   "secret"});
  const auto line = program.line();
  const auto cloud = url(line, "cloud on ");
  ASSERT_EQ(cloud.rfind("https://127.0.0.1:", 0), 0) << line;
  const auto nodes = R"({"vm-a":{}})";
  httplib::Client control(url(line, "control on "));
  EXPECT_EQ(control.Put("/nodes", nodes, "application/json")->status, 204);
  httplib::SSLClient client("127.0.0.1", std::stoi(cloud.substr(cloud.rfind(':') + 1)));
  client.set_ca_cert_path(ca.c_str());
  const auto answer = client.Get("/api/v1/nodes/vm-a", httplib::Headers{{"Authorization", "Bearer secret"}});
  ASSERT_TRUE(answer) << httplib::to_string(answer.error());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(program.end(SIGTERM), 0);

  EXPECT_EQ(Program({"--cloud-listen", "127.0.0.1:0"}).end(0), 64);
  EXPECT_EQ(Program({"--cloud-token", "secret"}).end(0), 64);
  Program mistaken({"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--cloud-listen", "127.0.0.1:0",
                    "--cloud-cert", key, "--cloud-key", key});
  EXPECT_THAT(mistaken.line(), HasSubstr("the certificate cannot be used"));
  EXPECT_EQ(mistaken.end(0), 1);
}

TEST(AzureSimulator, BadUsageIs64AndATakenPortIs1) {
  EXPECT_EQ(Program({"--nonsense"}).end(0), 64);
  EXPECT_EQ(Program({"--listen", "nonsense"}).end(0), 64);
  EXPECT_EQ(Program({"--control", "[::1]:80"}).end(0), 64);
  EXPECT_EQ(Program({"--allow-source", "foo"}).end(0), 64);
  EXPECT_EQ(Program({"--form", "toaster"}).end(0), 64);
  EXPECT_EQ(Program({"--document", "/nonexistent"}).end(0), 64);
  EXPECT_EQ(Program({"--help"}).end(0), 0);
  const auto taken = Imds::start();
  ASSERT_TRUE(taken);
  Program program({"--listen", (*taken)->endpoint().substr(7), "--control", "127.0.0.1:0"});
  EXPECT_THAT(program.line(), HasSubstr("Address already in use"));
  EXPECT_EQ(program.end(0), 1);
}

}  // namespace
