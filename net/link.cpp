#include "net/link.h"

#include <algorithm>

namespace net {

std::string_view link_name(std::span<const Link> links, std::uint32_t index) {
  const auto found =
      std::find_if(links.begin(), links.end(), [index](const Link& link) { return link.index == index; });
  return found == links.end() ? std::string_view() : found->name;
}

}  // namespace net
