#include "simulator/canned.h"

#include <cstddef>
#include <string>

#include "simulator/identity.h"
#include "simulator/metadata.h"

namespace simulator {
namespace {

using Kind = Fault::Kind;

constexpr auto kPage = "text/html; charset=utf-8";
constexpr std::size_t kHugeBody = (std::size_t{1} << 20) + 1;
constexpr std::size_t kHugeHeader = std::size_t{17} << 10;

struct Wording {
  const char* error;  ///< codes of the identity endpoint (its OpenAPI description)
  const char* text;
};

Wording wording(unsigned status) {
  switch (status) {
    case 400:
      return {"bad_request", "Bad request"};
    case 403:
      return {"forbidden", "Forbidden"};
    case 404:
      return {"not_found", "Not found"};
    case 405:
      return {"method_not_allowed", "Method not allowed"};
    case 410:
      return {"service_unavailable", "Gone"};
    case 429:
      return {"too_many_requests", "Too many requests"};
    case 503:
      return {"service_unavailable", "Service unavailable"};
    default:
      return {"server_error", "Internal server error"};
  }
}

Answer status(const Fault& fault, bool identity) {
  if (!fault.text.empty()) return {.status = fault.code, .body = fault.text};
  const auto [error, text] = wording(fault.code);
  return identity ? identity_refusal(fault.code, error, text) : refusal(fault.code, text);
}

/// Well-formed, so that only its size can be what is wrong with it.
std::string huge_document() { return R"({"compute":{"userData":")" + std::string(kHugeBody, 'A') + R"("}})"; }

}  // namespace

std::optional<Answer> canned_answer(const Fault& fault, bool identity) {
  switch (fault.kind) {
    case Kind::status:
      return status(fault, identity);
    case Kind::body:
      return Answer{.body = fault.text};
    case Kind::not_json:
      return Answer{.body = "<!DOCTYPE html><title>Welcome</title><p>Please sign in to the network.</p>",
                    .content_type = kPage};
    case Kind::proxy_403:
      return Answer{.status = 403,
                    .body =
                        "<html><head><title>403 Forbidden</title></head><body>destination unreachable"
                        "</body></html>",
                    .content_type = kPage};
    case Kind::redirect:
      return Answer{.status = 302, .body = "", .content_type = kPage, .extra = {{"Location", fault.text}}};
    case Kind::huge_body:
      return Answer{.body = huge_document()};
    case Kind::huge_header:
      return Answer{.body = "{}", .extra = {{"x-padding", std::string(kHugeHeader, 'A')}}};
    default:
      return std::nullopt;
  }
}

}  // namespace simulator
