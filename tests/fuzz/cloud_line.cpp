// Whatever the daemon and the program that asks Azure and Kubernetes say to each other: refused, or said
// again it is the same.
#include <cstdint>

#include "agent/cloud/evidence_json.h"
#include "agent/cloud/question.h"
#include "tests/fuzz/promise.h"

// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto question = agent::parse_question(text);
  require(is_explained(question));
  if (question) {
    const auto line = agent::question_line(*question);
    require(is_one_line(line) && agent::parse_question(line) == *question);
  }
  const auto evidence = agent::parse_evidence(text);
  require(is_explained(evidence));
  if (evidence) {
    const auto line = agent::evidence_line(*evidence);
    const auto again = agent::parse_evidence(line);
    require(is_one_line(line) && again && agent::evidence_line(*again) == line);
  }
  return 0;
}
