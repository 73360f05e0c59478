#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "net/kernel.h"
#include "net/sysctls.h"
#include "net/time.h"

namespace agent {

/// What the kernel, /proc/sys and the clock answered during one look, by question and in their order: a
/// controller that is told the same and asks the same finds the same.
struct Tape {
  std::map<std::string, std::vector<nlohmann::json>> answers;
  std::vector<net::Now> times;
};

/// A kernel that keeps what it answers. It changes nothing: apply() is EROFS.
class TapedKernel final : public net::Kernel {
 public:
  TapedKernel(std::unique_ptr<net::Kernel> kernel, Tape& tape) : kernel_(std::move(kernel)), tape_(tape) {}

  net::Result<std::vector<net::Link>> links() override;
  net::Result<void> take_routes(std::uint8_t protocol, std::uint32_t table,
                                net::RouteVisitor& visitor) override;
  net::Result<std::vector<net::Route>> routes_to(std::uint32_t table,
                                                 std::span<const net::Prefix> destinations) override;
  net::Result<std::vector<net::Rule>> rules(std::uint8_t protocol) override;
  std::vector<net::Result<net::Route>> lookups(std::span<const net::Flow> flows) override;
  net::Result<std::vector<net::Refusal>> apply(std::span<const net::Change> changes) override;

 private:
  std::unique_ptr<net::Kernel> kernel_;
  Tape& tape_;
};

class TapedSysctls final : public net::Sysctls {
 public:
  TapedSysctls(net::Sysctls& sysctls, Tape& tape) : sysctls_(sysctls), tape_(tape) {}

  net::Result<std::string> read(std::string_view key) override;
  net::Result<void> write(std::string_view key, std::string_view value) override;

 private:
  net::Sysctls& sysctls_;
  Tape& tape_;
};

/// Answers each question as it was answered then, the last answer again where it is asked more often.
/// ENODATA: nobody asked it.
class Playback {
 public:
  explicit Playback(const Tape& tape) : tape_(tape) {}

  /// nullptr: nobody asked.
  const nlohmann::json* next(const std::string& question);
  net::Now time();

 private:
  const Tape& tape_;
  std::map<std::string, std::size_t> asked_;
  std::size_t times_ = 0;
};

class PlayedKernel final : public net::Kernel {
 public:
  explicit PlayedKernel(std::shared_ptr<Playback> playback) : playback_(std::move(playback)) {}

  net::Result<std::vector<net::Link>> links() override;
  net::Result<void> take_routes(std::uint8_t protocol, std::uint32_t table,
                                net::RouteVisitor& visitor) override;
  net::Result<std::vector<net::Route>> routes_to(std::uint32_t table,
                                                 std::span<const net::Prefix> destinations) override;
  net::Result<std::vector<net::Rule>> rules(std::uint8_t protocol) override;
  std::vector<net::Result<net::Route>> lookups(std::span<const net::Flow> flows) override;
  net::Result<std::vector<net::Refusal>> apply(std::span<const net::Change> changes) override;

 private:
  std::shared_ptr<Playback> playback_;
};

class PlayedSysctls final : public net::Sysctls {
 public:
  explicit PlayedSysctls(std::shared_ptr<Playback> playback) : playback_(std::move(playback)) {}

  net::Result<std::string> read(std::string_view key) override;
  net::Result<void> write(std::string_view key, std::string_view value) override;

 private:
  std::shared_ptr<Playback> playback_;
};

}  // namespace agent
