#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace test_support {

/// What a command did.
struct CommandResult {
  int status = 0;  ///< exit status; 128 + signal when one ended it
  std::string output;
};

/// A network namespace of its own, with `lo` up, that the calling thread lives in while this object lives.
/// The namespace goes with everything in it when the object does. As root it is made by
/// unshare(CLONE_NEWNET); as anybody else inside a user namespace, which then stays with the process.
///
/// Several may live at once: each is entered when it is made, and left to the former one when it ends; `run`
/// always means its own. Threads that are started later start in the namespace of their creator.
/// Everything throws std::runtime_error that says what failed.
class NetNamespace {
 public:
  NetNamespace();
  NetNamespace(const NetNamespace&) = delete;
  NetNamespace& operator=(const NetNamespace&) = delete;
  ~NetNamespace();

  /// Enters the namespace for a scope, from wherever the thread is.
  class Inside {
   public:
    explicit Inside(const NetNamespace& space);
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside();

   private:
    int former_;
  };

  /// Runs a command (found by PATH) to its end in this namespace. Failure throws with its output.
  std::string run(const std::vector<std::string>& command) const;
  /// The same for a line of words separated by spaces: run("ip link set eth0 up").
  std::string run(std::string_view line) const;
  /// Runs it and tells what it did. `input` is its standard input.
  [[nodiscard]] CommandResult attempt(const std::vector<std::string>& command,
                                      std::string_view input = {}) const;

  /// A pair of connected devices in this namespace, both up and operational. Neither makes IPv6 addresses of
  /// its own or probes for duplicates, so that nothing happens later that no test asked for.
  void add_veth(const std::string& name, const std::string& peer) const;
  /// The carrier of `name` comes or goes with its peer; returns once the kernel has notified of it.
  void set_carrier(const std::string& name, const std::string& peer, bool carrier) const;
  /// An address like "fd00::4/64", in full effect: what the kernel does about an IPv6 address it does a
  /// little later, with notifications that would otherwise fall into a test.
  void add_address(const std::string& name, const std::string& cidr) const;
  /// Moves a device into another namespace, where it is set up again.
  void move_link(const std::string& name, const NetNamespace& into) const;

 private:
  int former_;
  int own_;
};

/// The words of a line.
std::vector<std::string> words(std::string_view line);

}  // namespace test_support
