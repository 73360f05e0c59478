#include "node/imds_status.h"

namespace node {

std::string_view source_name(ImdsSource source) {
  switch (source) {
    case ImdsSource::none:
      return "none";
    case ImdsSource::cache:
      return "cache";
    case ImdsSource::live:
      return "live";
  }
  return "";
}

}  // namespace node
