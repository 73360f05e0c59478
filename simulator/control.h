#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/error.h"
#include "simulator/imds.h"
#include "simulator/simulated_service.h"

namespace simulator {

/// What the control endpoint does at one method and path.
struct ControlHandler {
  std::string method;  ///< GET, PUT or DELETE
  std::string path;
  std::string help;  ///< for GET /, a line or more
  /// Returns the body of the response, JSON; empty = 204. An error is 400.
  std::function<net::Result<std::string>(const std::string& body)> handle;
};

ControlHandler on_get(std::string path, std::string help, std::function<std::string()> make);
ControlHandler on_put(std::string path, std::string help,
                      std::function<net::Result<void>(const std::string&)> take);
ControlHandler on_delete(std::string path, std::string help, std::function<void()> act);

/// The HTTP server for tests and people with curl: change what is served, inject faults and see who asked,
/// while the simulator runs. GET / lists the handlers.
class Control {
 public:
  /// Listens ("127.0.0.1:0" = any free port) when it returns and serves from threads of its own until
  /// destroyed; what the handlers refer to outlives it.
  static net::Result<std::unique_ptr<Control>> start(const std::string& listen,
                                                     const std::vector<ControlHandler>& handlers);
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

/// Faults and recorded requests of any service, which outlives them: /fault and /requests behind the prefix,
/// "/" or "/cloud-".
std::vector<ControlHandler> service_control_handlers(SimulatedService& service, const std::string& prefix);

/// What the control endpoint takes for IMDS: /state, /document, /rate-limit, /source, and the above.
std::vector<ControlHandler> control_handlers(Imds& imds);

}  // namespace simulator
