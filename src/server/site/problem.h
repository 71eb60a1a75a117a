#pragma once
#include <string_view>

#include "server/http/framer.h"
#include "server/http/response.h"

/// Error responses: a small page for a browser, text for a client that prefers it, RFC 9457
/// problem+json for every other client.
namespace hello::server {

/// What an error response depends on besides the error.
struct Asker {
  std::string_view accept;
  std::string_view path;            ///< of the request
  std::string_view base_path = "/"; ///< where the start page is
};

/// Makes an error response in the format that the client prefers. `detail` is a sentence for
/// people.
Response problem(int status, std::string_view detail, const Asker &asker);

/// Makes the response of a read-only address to a method other than GET and HEAD: 204 for OPTIONS,
/// else 405; both with Allow.
Response read_only(std::string_view method, const Asker &asker);

/// Makes the response to bytes that are not a valid request.
Response problem(const Refusal &refusal);

} // namespace hello::server
