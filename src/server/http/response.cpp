#include "server/http/response.h"

#include <utility>

#include <fmt/format.h>

namespace hello::server {
namespace {

/// Restrictions for browsers, on every response, besides its own Content-Security-Policy.
constexpr std::string_view kSafetyFields = "X-Content-Type-Options: nosniff\r\n"
                                           "X-Frame-Options: DENY\r\n"
                                           "Referrer-Policy: no-referrer\r\n"
                                           "Cross-Origin-Opener-Policy: same-origin\r\n"
                                           "Cross-Origin-Embedder-Policy: require-corp\r\n"
                                           "Cross-Origin-Resource-Policy: same-origin\r\n"
                                           "Permissions-Policy: camera=(), display-capture=(), "
                                           "geolocation=(), microphone=(), payment=(), usb=()\r\n";

void append_field(std::string &out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(name).append(": ").append(value).append("\r\n");
}

/// Of all statuses that are sent.
constexpr std::pair<int, std::string_view> kReasons[] = {
    {200, "OK"},
    {204, "No Content"},
    {304, "Not Modified"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {417, "Expectation Failed"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

} // namespace

std::string_view reason_phrase(int status) {
  for (const auto &[code, reason] : kReasons)
    if (code == status) return reason;
  return "Error";
}

Persistence persistence(const Request &request) {
  if (!request.keep_alive) return Persistence::close;
  return request.minor == 0 ? Persistence::keep_alive : Persistence::implied;
}

void append_head(std::string &out, const Response &response, std::size_t content_length,
                 std::string_view date) {
  out.append("HTTP/1.1 ").append(fmt::format_int(response.status).c_str()).append(" ");
  out.append(reason_phrase(response.status)).append("\r\n");
  append_field(out, "Date", date);
  append_field(out, "Content-Type", response.content_type);
  if (!response.content_type.empty())
    append_field(out, "Content-Length", fmt::format_int(content_length).c_str());
  append_field(out, "Location", response.location);
  append_field(out, "ETag", response.etag);
  append_field(out, "Cache-Control", response.cache_control);
  append_field(out, "Vary", response.vary);
  append_field(out, "Allow", response.allow);
  out.append(kSafetyFields);
  append_field(out, "Content-Security-Policy", response.policy);
}

void end_head(std::string &out, std::string_view request_id, Persistence persistence) {
  append_field(out, "X-Request-Id", request_id);
  if (persistence == Persistence::keep_alive) out += "Connection: keep-alive\r\n";
  if (persistence == Persistence::close) out += "Connection: close\r\n";
  out += "\r\n";
}

void append_response(std::string &out, const Response &response, std::string_view date,
                     Persistence persistence, Content content) {
  append_head(out, response, response.body.size(), date);
  end_head(out, response.request_id, persistence);
  if (content == Content::sent && !response.content_type.empty()) out += response.body;
}

} // namespace hello::server
