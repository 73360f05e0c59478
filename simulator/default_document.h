#pragma once

#include <cstdint>
#include <string_view>

namespace simulator {

enum class Form : std::uint8_t {
  virtual_machine,  ///< standalone, one IPv4 NIC
  scale_set,  ///< instance of a Uniform scale set, as AKS has: dual-stack NIC with a second ipconfig, second
              ///< NIC
};

/// A document of the shape that such a VM gets; the values are made up.
std::string_view default_document(Form form);

}  // namespace simulator
