#pragma once

#include <memory>
#include <string>

#include "imds/simulator/simulator.h"
#include "net/error.h"

namespace imds::simulator {

/// The simulator's other door, for tests and people with curl: change the document, order faults and see
/// who asked, while it runs. README.md of imds/ lists the requests; GET / does too.
class Control {
 public:
  /// Listens ("127.0.0.1:0" = any free port) when it returns and serves from threads of its own until
  /// destroyed; `simulator` outlives it.
  static net::Result<std::unique_ptr<Control>> start(Simulator& simulator, const std::string& listen);
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

}  // namespace imds::simulator
