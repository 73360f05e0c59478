#pragma once

#include <chrono>
#include <string>

#include "https/https.h"

inline https::Request asking(std::string url, std::chrono::milliseconds within = std::chrono::seconds(20)) {
  return {.url = std::move(url), .headers = {}, .finish_by = std::chrono::steady_clock::now() + within};
}

inline https::Identity believing(std::string ca) {
  https::Identity identity;
  identity.ca_pem = std::move(ca);
  return identity;
}
