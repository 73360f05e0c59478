#pragma once

#include <string_view>

#include "net/address.h"
#include "net/prefix.h"

inline net::Address address(std::string_view text) { return net::Address::parse(text).value(); }
inline net::Prefix prefix(std::string_view text) { return net::Prefix::parse(text).value(); }
