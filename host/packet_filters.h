#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/error.h"
#include "observed/host_settings.h"

namespace host {

/// Which of nftables' tables are read: iptables' own are its save program's matter, where that is installed.
enum class NftTables : std::uint8_t { beside_iptables, all };

/// The number of nftables' rules of now; an error: it is not told.
using RulesetGeneration = std::function<net::Result<std::uint32_t>()>;
/// Where forwarded packets meet rules of nftables, without the rules.
using NftBaseChains = std::function<net::Result<std::vector<observed::FilterHook>>()>;

struct PacketFilters {
  /// What the save program of each of iptables' backends shows, where it is installed.
  std::vector<observed::PacketFilter> by_iptables;
  /// What nft(8) shows of chains that forwarded packets meet, beside iptables' own tables.
  net::Result<std::vector<observed::FilterHook>> by_nft;
};

/// Starts the programs of iptables and nftables, side by side: those of nftables only when the rules are no
/// longer the ones of which they told last. Not thread-safe.
class PacketFilterReader {
 public:
  /// They are asked only where one of nftables' programs is installed; `base_chains` where nft is not.
  PacketFilterReader(RulesetGeneration generation, NftBaseChains base_chains)
      : generation_(std::move(generation)), base_chains_(std::move(base_chains)) {}

  /// `ipv6`: what ip6tables' backends hold too.
  PacketFilters read(std::chrono::steady_clock::time_point finish_by, bool ipv6 = false);
  /// The rules of nftables are no longer those that were read; false also where that is not told.
  [[nodiscard]] bool is_outdated() const;

 private:
  /// The save program of a family, where it is installed.
  struct SaveProgram {
    net::Family family = net::Family::ipv4;
    std::string path;

    bool operator==(const SaveProgram&) const = default;
  };
  struct OfNftables {
    std::vector<SaveProgram> save_programs;
    bool ipv6 = false;
    NftTables which = NftTables::beside_iptables;
    std::string nft_program;
    std::uint32_t generation = 0;
    std::vector<observed::PacketFilter> by_iptables = {};
    net::Result<std::vector<observed::FilterHook>> by_nft = {};
    bool were_read = true;  ///< false: a program has failed, and is asked again
  };
  [[nodiscard]] static OfNftables programs(bool ipv6);
  [[nodiscard]] bool is_known(const OfNftables& now) const;
  void ask(OfNftables& of, std::chrono::steady_clock::time_point finish_by) const;

  RulesetGeneration generation_;
  NftBaseChains base_chains_;
  std::optional<OfNftables> known_;
};

/// What iptables-save(8) or ip6tables-save(8) writes.
observed::PacketFilter parse_iptables_save(std::string backend, std::string_view text,
                                           net::Family family = net::Family::ipv4);

/// A rule of iptables-save(8) without "-A CHAIN".
observed::FilterRule parse_iptables_rule(std::string_view rule);

/// The word after -j or -g; empty: there is none.
std::string_view target_of(std::string_view rule);

/// What can be said of `chains` where nft is not installed: no more is there than what the save programs of
/// the families in `saved` show, or ENODATA, which names another one. Those of IPv6 alone matter with `ipv6`.
net::Result<std::vector<observed::FilterHook>> shown_without_nft(
    const std::vector<observed::FilterHook>& chains, const std::vector<net::Family>& saved, bool ipv6);

/// A chain that iptables makes at a hook; its save program shows it.
bool is_iptables_chain(std::string_view name);

/// kube-proxy's and Felix's, which accept what they do not drop for a Service or a policy.
bool is_of_cluster(std::string_view table);

/// Pods' connections are of these; a rule about another protocol is about few of their packets.
bool is_followed_protocol(std::string_view name);

/// A table's family and name.
using NftTable = std::pair<std::string, std::string>;

/// The tables with chains that forwarded packets meet in what `nft -j list chains` prints, but for
/// those that parse_nft_ruleset() leaves out. EBADMSG also where a name cannot stand in a command of nft's.
net::Result<std::vector<NftTable>> tables_met_by_forwarded(std::string_view json,
                                                           NftTables which = NftTables::beside_iptables);

/// The chains on hooks prerouting, forward and postrouting in what `nft -j list table` or `list
/// ruleset` prints (libnftables-json(5)), with the words of iptables: "ACCEPT", "DROP", "REJECT", "RETURN",
/// "eth+" for "eth*". Left out are those of kube-proxy and Felix, who accept what they do not drop for a
/// Service or a policy. EBADMSG for what is no such text.
net::Result<std::vector<observed::FilterHook>> parse_nft_ruleset(
    std::string_view json, NftTables which = NftTables::beside_iptables);

/// Whether a table of iptables', in what `nft -j list table` prints, has rules that somebody wrote with nft:
/// iptables-nft-save leaves out of them what it does not know, such as sets, or the whole rule. True also for
/// what is no such text.
bool holds_rules_unlike_iptables(std::string_view json);

}  // namespace host
