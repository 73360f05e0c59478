#include "agent/http/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <system_error>

#include "net/foreign_text.h"

namespace agent {
namespace http {
namespace {

/// The text from its first word that is not blank on; the word is taken off it.
std::string_view next_word(std::string_view& text) {
  constexpr std::string_view kBlank = " \t\n";
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  const auto end = std::min(text.find_first_of(kBlank, begin), text.size());
  const auto word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

}  // namespace

std::optional<TcpRow> tcp_row(std::string_view line) {
  // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
  std::array<std::string_view, 10> words;
  for (auto& word : words) word = next_word(line);
  constexpr std::string_view kListen = "0A";  // TCP_LISTEN
  const auto user = net::parse_number<uid_t>(words[7]);
  const auto inode = net::parse_number<std::uint64_t>(words[9]);
  if (!words[0].ends_with(':') || !user || !inode) return std::nullopt;
  return TcpRow{
      .local = words[1], .remote = words[2], .listens = words[3] == kListen, .user = *user, .inode = *inode};
}

std::string ends_text(std::string_view bytes, std::uint16_t port) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  const auto write = [&](std::uint32_t number, int digits) {
    while (digits-- > 0) text += kDigits[(number >> (4 * digits)) & 0xfU];
  };
  // The kernel prints words as they lie in memory.
  for (; bytes.size() >= sizeof(std::uint32_t); bytes.remove_prefix(sizeof(std::uint32_t))) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    write(word, 8);
  }
  text += ':';
  write(port, 4);
  return text;
}

bool every_user_has_a_number(std::string_view uid_map) {
  std::uint64_t numbers = 0;
  while (!uid_map.empty()) {
    const auto end = std::min(uid_map.find('\n'), uid_map.size());
    auto line = uid_map.substr(0, end);
    uid_map.remove_prefix(std::min(end + 1, uid_map.size()));
    next_word(line);
    next_word(line);
    numbers += net::parse_number<std::uint64_t>(next_word(line)).value_or(0);
  }
  constexpr std::uint64_t kAll = 0xffffffff;  // (uid_t)-1 is nobody's
  return numbers >= kAll;
}

}  // namespace http

namespace {

std::string text_of(const char* file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string words_of(int error) { return std::system_category().message(error); }

/// A number of this user namespace as a user, unless it may stand for several.
Peer peer_with(uid_t user) {
  Peer peer;
  peer.user = user;
  // user_namespaces(7): 65534, unless another one is configured there.
  uid_t overflow = 65534;
  const auto text = text_of("/proc/sys/kernel/overflowuid");
  std::from_chars(text.data(), text.data() + text.size(), overflow);
  if (user == overflow && !http::every_user_has_a_number(text_of("/proc/self/uid_map"))) {
    peer.user.reset();
    peer.unknown = "this container has a user namespace, in which users of the node have no numbers";
  }
  return peer;
}

net::Result<Peer> peer_by_credentials(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return net::failure(errno, "SO_PEERCRED: " + words_of(errno));
  auto peer = peer_with(credentials.uid);
  peer.process = credentials.pid;
  return peer;
}

/// An address as a table of TCP connections has it.
struct Ends {
  std::string ipv4;  ///< empty: it is none of IPv4
  std::string ipv6;  ///< an IPv4 address mapped, as a listener on [::] has it
  bool is_loopback = false;
  std::string address;  ///< its bytes
};

Ends ends_of(const sockaddr_storage& storage) {
  constexpr std::string_view kMapped{"\0\0\0\0\0\0\0\0\0\0\xff\xff", 12};
  Ends ends;
  std::uint16_t port = 0;
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    ends.address.assign(reinterpret_cast<const char*>(&v4.sin_addr), sizeof v4.sin_addr);
    ends.is_loopback = (ntohl(v4.sin_addr.s_addr) >> 24U) == 127;
    port = ntohs(v4.sin_port);
    ends.ipv4 = http::ends_text(ends.address, port);
    ends.ipv6 = http::ends_text(std::string(kMapped) + ends.address, port);
  } else {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    ends.address.assign(reinterpret_cast<const char*>(&v6.sin6_addr), sizeof v6.sin6_addr);
    ends.is_loopback = IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    port = ntohs(v6.sin6_port);
    ends.ipv6 = http::ends_text(ends.address, port);
  }
  return ends;
}

struct Found {
  bool readable = false;
  std::optional<Peer> peer;
};

/// The other side's end: what is the remote address to us is its local one. Line by line, for a busy node's
/// table has megabytes.
Found look_into(const char* table, std::string_view theirs, std::string_view ours) {
  std::ifstream stream(table);
  Found found;
  found.readable = stream.is_open();
  for (std::string line; std::getline(stream, line);) {
    const auto row = http::tcp_row(line);
    if (!row || row->local != theirs || row->remote != ours || row->inode == 0) continue;
    found.peer = peer_with(row->user);
    found.peer->inode = row->inode;
    break;
  }
  return found;
}

net::Result<Peer> peer_by_table(const sockaddr_storage& local, const sockaddr_storage& remote) {
  const auto ours = ends_of(local);
  const auto theirs = ends_of(remote);
  // A table that changes while it is read may miss a line.
  constexpr int kLooks = 3;
  bool readable = false;
  for (int look = 0; look < kLooks; ++look) {
    if (!theirs.ipv4.empty()) {
      const auto found = look_into("/proc/self/net/tcp", theirs.ipv4, ours.ipv4);
      if (found.peer) return *found.peer;
      readable = readable || found.readable;
    }
    const auto found = look_into("/proc/self/net/tcp6", theirs.ipv6, ours.ipv6);
    if (found.peer) return *found.peer;
    readable = readable || found.readable;
  }
  Peer peer;
  if (!readable) {
    peer.unknown = "/proc/net/tcp cannot be read here";
    return peer;
  }
  if (theirs.is_loopback || theirs.address == ours.address)
    return net::failure(ECONNRESET, "hung up before it could be identified");
  peer.unknown = "its address belongs to another network namespace or machine";
  return peer;
}

/// "00000000:421D": the listener on every address.
std::string on_any_address(std::string ends) {
  std::fill(ends.begin(), ends.begin() + static_cast<std::ptrdiff_t>(ends.find(':')), '0');
  return ends;
}

std::optional<Peer> listener_in(const char* table, const std::string& ends) {
  if (ends.empty()) return std::nullopt;
  std::ifstream stream(table);
  const auto any = on_any_address(ends);
  std::optional<Peer> found;
  for (std::string line; std::getline(stream, line);) {
    const auto row = http::tcp_row(line);
    if (!row || !row->listens || (row->local != ends && row->local != any)) continue;
    const bool exact = row->local == ends;
    if (found && !exact) continue;
    found = peer_with(row->user);
    found->inode = row->inode;
    if (exact) break;  // it is taken before one on every address
  }
  return found;
}

}  // namespace

std::optional<Peer> listener_on(const sockaddr_storage& address) {
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return std::nullopt;
  const auto ends = ends_of(address);
  if (auto found = listener_in("/proc/self/net/tcp", ends.ipv4)) return found;
  return listener_in("/proc/self/net/tcp6", ends.ipv6);
}

net::Result<Peer> peer_of(int socket) {
  sockaddr_storage local{};
  sockaddr_storage remote{};
  socklen_t size = sizeof local;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&local), &size) != 0)
    return net::failure(errno, "getsockname: " + words_of(errno));
  if (local.ss_family == AF_UNIX) return peer_by_credentials(socket);
  size = sizeof remote;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&remote), &size) != 0)
    return net::failure(ECONNRESET, "hung up before it could be identified");
  return peer_by_table(local, remote);
}

}  // namespace agent
