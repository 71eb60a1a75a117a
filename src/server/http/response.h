#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/http/request.h"

/// The one writer of HTTP responses. All responses have the same fields in the same order.
namespace hello::server {

/// Content-Security-Policy of a response that is not a page: it may load nothing, and no page may
/// frame it.
inline constexpr std::string_view kNoPagePolicy = "default-src 'none'; frame-ancestors 'none'";

/// An empty view leaves its field out. The views are borrowed: they point to literals or to texts
/// that outlive the response.
struct Response {
  int status = 200;
  std::string_view content_type; ///< empty: no content and no Content-Length
  std::string_view etag;         ///< with its quotes
  std::string_view cache_control = "no-store";
  std::string_view vary, allow;
  std::string location;                    ///< of a redirect
  std::string_view request_id;             ///< X-Request-Id
  std::string_view policy = kNoPagePolicy; ///< Content-Security-Policy
  std::string body;
};

/// What the response says about the connection. `implied` writes no field: HTTP/1.1 keeps the
/// connection open. Source: RFC 9112 section 9.3.
enum class Persistence : std::uint8_t { implied, keep_alive, close };
Persistence persistence(const Request &request);

/// A response to HEAD has the fields of GET and omits the content.
enum class Content : std::uint8_t { sent, omitted };

/// Appends the status line, then Date and the other fields. end_head() must follow.
void append_head(std::string &out, const Response &response, std::size_t content_length,
                 std::string_view date);

/// Appends the fields that differ between requests for one page (X-Request-Id, if not empty, and
/// Connection, if any), then the empty line.
void end_head(std::string &out, std::string_view request_id, Persistence persistence);

/// Appends the whole response. `date`: as RFC 9110 section 5.6.7 writes it.
void append_response(std::string &out, const Response &response, std::string_view date,
                     Persistence persistence, Content content);

/// "Not Found"; "Error" for a status that is never sent.
std::string_view reason_phrase(int status);

} // namespace hello::server
