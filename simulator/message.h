#pragma once

#include <string>

#include "simulator/wire.h"

namespace simulator {

/// A GUID as Azure marks its answers with.
std::string random_id();

/// The status line and the headers that every answer has: Content-Type, the extra ones, Date. No empty line.
std::string head_of(const Answer& answer);

/// The whole answer with its Content-Length, which may be a lie, so no library writes it.
std::string bytes_of(const Answer& answer, const Delivery& delivery);

}  // namespace simulator
