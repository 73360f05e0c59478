#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "https/https.h"

namespace https {

/// Where an answer's body goes as it comes: into the Response, or line by line to someone.
class BodyReader {
 public:
  enum class End {
    none,       ///< more is taken
    satisfied,  ///< the reader of lines has had enough
    too_large,
  };

  /// Without a reader, or for another status than 200, the body is kept.
  explicit BodyReader(const std::function<bool(std::string_view)>* line) : line_(line) {}

  /// False when no more is taken; end() says why.
  bool take(std::string_view part);
  /// The body is complete: its last line may lack the line feed.
  void finish();

  [[nodiscard]] End end() const { return end_; }

  Response response;

 private:
  bool stop(End why);
  [[nodiscard]] bool by_lines() const { return line_ != nullptr && response.status == 200; }

  const std::function<bool(std::string_view)>* line_;
  std::string pending_;
  End end_ = End::none;
};

}  // namespace https
