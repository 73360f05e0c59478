#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iostream>
#include <system_error>

#include "agent/cli/commands.h"
#include "agent/daemon/cloud_program.h"

namespace agent {

int run_audit_program(const AuditRequest& request) {
  auto program = cloud_program().string();
  std::string option = "--audit";
  auto asked = audit_request_text(request);
  const std::array<char*, 4> words = {program.data(), option.data(), asked.data(), nullptr};
  std::cout.flush();
  ::execv(program.c_str(), words.data());
  std::cerr << fmt::format("audit: {} cannot be started: {}\n", program,
                           std::system_category().message(errno));
  return kUndetermined;
}

}  // namespace agent
