#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/error.h"
#include "simulator/simulator.h"

namespace simulator {

/// A request that the control endpoint takes for somebody else: another part of the program.
struct Order {
  std::string method;  ///< GET, PUT or DELETE
  std::string path;
  std::string help;  ///< a line for GET /
  /// Returns the JSON to answer, empty = 204; its error is answered with 400.
  std::function<net::Result<std::string>(const std::string& body)> obey;
};

/// The simulator's other door, for tests and people with curl: change the document, order faults and see
/// who asked, while it runs. README.md of imds/ lists the requests; GET / does too.
class Control {
 public:
  /// Listens ("127.0.0.1:0" = any free port) when it returns and serves from threads of its own until
  /// destroyed; `simulator` outlives it.
  static net::Result<std::unique_ptr<Control>> start(Simulator& simulator, const std::string& listen,
                                                     const std::vector<Order>& more = {});
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  /// "http://127.0.0.1:43568"
  [[nodiscard]] std::string endpoint() const;

 private:
  class Server;
  explicit Control(std::unique_ptr<Server> server);
  std::unique_ptr<Server> server_;
};

}  // namespace simulator
