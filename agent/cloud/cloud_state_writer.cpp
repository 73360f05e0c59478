#include "agent/cloud/cloud_state_writer.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "agent/cloud/cloud_state_json.h"

namespace agent {

bool CloudStateWriter::write(const observed::CloudState& cloud_state) {
  auto line = cloud_state_line(cloud_state) + '\n';
  if (line == last_) return true;
  last_ = std::move(line);
  std::string_view rest = last_;
  while (!rest.empty()) {
    const auto written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace agent
