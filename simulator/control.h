#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/error.h"

namespace simulator {

/// A request that the control endpoint takes.
struct Order {
  std::string method;  ///< GET, PUT or DELETE
  std::string path;
  std::string help;  ///< for GET /, a line or more
  /// Returns the JSON to answer, empty = 204; its error is answered with 400.
  std::function<net::Result<std::string>(const std::string& body)> obey;
};

Order on_get(std::string path, std::string help, std::function<std::string()> make);
Order on_put(std::string path, std::string help, std::function<net::Result<void>(const std::string&)> take);
Order on_delete(std::string path, std::string help, std::function<void()> act);

/// The simulator's other door, for tests and people with curl: change what is served, order faults and see
/// who asked, while it runs. GET / lists the orders.
class Control {
 public:
  /// Listens ("127.0.0.1:0" = any free port) when it returns and serves from threads of its own until
  /// destroyed; what the orders are about outlives it.
  static net::Result<std::unique_ptr<Control>> start(const std::string& listen,
                                                     const std::vector<Order>& orders);
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
