#pragma once
#include <string_view>

#include "server/http/framer.h"
#include "server/http/response.h"

/// Error responses: a small page for a browser, RFC 9457 problem+json for every other client.
namespace hello::server {

/// Makes an error response in the format that `accept` prefers. `detail` is a sentence for people.
Response problem(int status, std::string_view detail, std::string_view accept);

/// Makes the response of a read-only address to a method other than GET and HEAD: 204 for OPTIONS,
/// else 405; both with Allow.
Response read_only(std::string_view method, std::string_view accept);

/// Makes the response to bytes that are not a valid request.
Response problem(const Refusal &refusal);

} // namespace hello::server
