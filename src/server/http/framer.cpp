#include "server/http/framer.h"

#include <algorithm>
#include <cstring>

#include "server/http/syntax.h"

namespace hello::server {

using namespace syntax;

namespace {

constexpr std::string_view kMethods[] = {
    // Those of IANA's registry: a known method is 405 (not allowed), an unknown one 501. The most
    // frequent come first.
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL"};

bool is_known(std::string_view method) {
  return method == "GET" ||
         std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

/// The refusal of a request line that is longer than allowed; `line` may be the beginning of it. A
/// long method is 501, a long target 414: RFC 9112 section 3.
Refusal long_line_refusal(std::string_view line) {
  std::string_view method = line.substr(0, line.find(' '));
  if (!is_token(method)) return {400, "bad_request_line"};
  return is_known(method) ? Refusal{414, "request_line_too_long"} : Refusal{501, "unknown_method"};
}

} // namespace

std::size_t find_head(std::string_view bytes, std::size_t &scanned, const Limits &limits,
                      Refusal &refusal) {
  if (!bytes.empty() && !is(bytes[0], token_char)) {
    refusal = {400, "bad_request_line"}; // another protocol, such as TLS: do not wait for more
    return 0;
  }
  std::string_view window = bytes.substr(0, limits.head_bytes);
  while (scanned < window.size()) {
    auto end = window.find('\n', scanned);
    if (end == window.npos) break;
    if (end == 0 || window[end - 1] != '\r') {
      refusal = {400, "bare_lf"};
      return 0;
    }
    scanned = end + 1;
    if (end >= 3 && window[end - 2] == '\n') return end + 1;
  }
  // No LF follows `scanned`, so a CR before the last byte is a bare one. Refuse it now: its sender
  // may take it for a line end and wait. RFC 9112 section 2.2.
  if (window.find('\r', scanned - (scanned > 0)) < window.size() - 1) {
    refusal = {400, "bare_cr"};
    return 0;
  }
  scanned = window.size();
  std::string_view line = bytes.substr(0, limits.request_line_bytes + 1);
  if (line.size() > limits.request_line_bytes && line.find('\n') == line.npos)
    refusal = long_line_refusal(line);
  else if (bytes.size() > limits.head_bytes)
    refusal = {431, "head_too_long"};
  return 0;
}

namespace {

/// Sets path and query from the target. Source: RFC 9112 section 3.2.
Refusal parse_target(Head &head) {
  constexpr Refusal bad{400, "bad_target"};
  std::string_view target = head.target;
  if (target.empty() || !consists_of(target, target_char)) return bad;
  if (head.method == "CONNECT") { // the target is a host and a port: RFC 9112 section 3.2.3
    const bool port = is(target.back(), digit) && target.find(':') != target.npos;
    return port && is_host_port(target) ? Refusal{501, "connect"} : bad;
  }
  if (target == "*") {
    head.path = target;
    return head.method == "OPTIONS" ? Refusal{} : bad;
  }
  if (target.front() != '/') {
    auto colon = target.find("://");
    if (colon == target.npos) return bad;
    std::string_view scheme = target.substr(0, colon);
    if (!iequals(scheme, "http") && !iequals(scheme, "https")) return bad;
    target.remove_prefix(colon + 3);
    auto end = std::min(target.find_first_of("/?"), target.size());
    if (!is_host_port(target.substr(0, end))) return bad;
    target.remove_prefix(end);
    if (target.empty() && head.method == "OPTIONS") {
      head.path = "*"; // the last proxy would send it as "*": RFC 9112 section 3.2.4
      return {};
    }
  }
  if (auto question = target.find('?'); question != target.npos) {
    head.query = target.substr(question + 1);
    target = target.substr(0, question);
  }
  if (target.find('\\') != target.npos) return bad; // some parsers take it for a slash
  if (target.empty()) target = "/";
  return normalize_path(target, head.path_buffer, head.path) ? Refusal{} : bad;
}

} // namespace

Refusal parse_request_line(std::string_view line, Head &head) {
  constexpr Refusal bad{400, "bad_request_line"};
  auto space = line.find(' ');
  if (space == line.npos) return bad;
  head.method = line.substr(0, space);
  line.remove_prefix(space + 1);
  space = line.find(' ');
  if (space == line.npos || !is_token(head.method)) return bad;
  head.target = line.substr(0, space);
  std::string_view version = line.substr(space + 1);
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is(version[5], digit) ||
      version[6] != '.' || !is(version[7], digit))
    return bad;
  if (version[5] != '1') return {505, "version"};
  head.minor =
      version[7] == '0' ? 0 : 1; // HTTP/1.2 and later are answered as 1.1: RFC 9110 section 2.5
  if (Refusal refusal = parse_target(head)) return refusal;
  return is_known(head.method) ? Refusal{} : Refusal{501, "unknown_method"};
}

namespace {

/// Collects what the headers say about the framing and the connection.
struct Framing {
  unsigned hosts = 0, lengths = 0, codings = 0, chunked = 0;
  bool chunked_last = false, close = false, keep_alive = false, other_expectation = false;

  Refusal add(const Header &header, Head &head) {
    std::string_view name = header.name, value = header.value;
    switch (name.size()) {
    case 4:
      if (iequals(name, "host") && (++hosts > 1 || !is_host_port(value))) return {400, "bad_host"};
      break;
    case 6:
      if (iequals(name, "expect") && head.minor > 0) // ignored in HTTP/1.0: RFC 9110 section 10.1.1
        each_member(value, [&](std::string_view member) {
          (iequals(member, "100-continue") ? head.expects_continue : other_expectation) = true;
        });
      break;
    case 10:
      if (iequals(name, "connection"))
        each_member(value, [&](std::string_view member) {
          close = close || iequals(member, "close");
          keep_alive = keep_alive || iequals(member, "keep-alive");
        });
      break;
    case 14:
      if (iequals(name, "content-length")) return set_content_length(value, head);
      break;
    case 17:
      if (iequals(name, "transfer-encoding")) {
        if (value.empty() || value.front() == ',' || value.back() == ',')
          return {400, "bad_transfer_encoding"};
        each_member(value, [&](std::string_view member) {
          ++codings;
          chunked_last = iequals(member, "chunked");
          chunked += chunked_last;
        });
      }
      break;
    }
    return {};
  }

  Refusal set_content_length(std::string_view value, Head &head) {
    if (++lengths > 1 || value.empty() || !consists_of(value, digit))
      return {400, "bad_content_length"};
    for (char c : value) {
      if (head.content_length > (UINT64_MAX - 9) / 10) return {400, "bad_content_length"};
      head.content_length = head.content_length * 10 + std::uint64_t(c - '0');
    }
    return {};
  }

  Refusal check(Head &head, const Limits &limits) const {
    if (hosts == 0 && head.minor > 0) return {400, "no_host"};
    if (codings > 0) {
      if (lengths > 0) return {400, "length_and_encoding"};
      if (head.minor == 0) return {400, "encoding_in_http_1_0"};
      if (!chunked_last || chunked > 1) return {400, "bad_transfer_encoding"};
      if (codings > 1) return {501, "unknown_transfer_coding"};
      head.chunked = true;
    }
    if (head.content_length > limits.body_bytes) return {413, "body_too_long"};
    // Its body would end with the connection, which looks the same as an aborted request.
    if (head.minor == 0 && lengths == 0 && (head.method == "POST" || head.method == "PUT"))
      return {411, "no_length"};
    if (other_expectation) return {417, "expectation"};
    head.expects_continue = head.expects_continue && (head.chunked || head.content_length > 0);
    head.keep_alive = !close && (head.minor > 0 || keep_alive);
    return {};
  }
};

} // namespace

Refusal parse_head(std::string_view bytes, const Limits &limits, Head &head) {
  head.header_count = 0;
  head.query = {};
  head.chunked = head.expects_continue = false;
  head.content_length = 0;

  auto end = bytes.find('\n');
  if (end > limits.request_line_bytes) return long_line_refusal(bytes.substr(0, end));
  if (Refusal refusal = parse_request_line(bytes.substr(0, end - 1), head)) return refusal;
  Framing framing;
  for (std::size_t at = end + 1; (end = bytes.find('\n', at)) != bytes.npos; at = end + 1) {
    std::string_view line = bytes.substr(at, end - 1 - at);
    if (line.empty()) return framing.check(head, limits);
    if (head.header_count == kMaxHeaders) return {431, "too_many_headers"};
    auto colon = line.find(':');
    if (colon == line.npos || !is_token(line.substr(0, colon)))
      return {400, "bad_header"}; // also a folded line, which begins with a blank
    Header &header = head.headers[head.header_count++];
    header = {line.substr(0, colon), trimmed(line.substr(colon + 1))};
    if (!consists_of(header.value, value_char)) return {400, "bad_header"};
    if (Refusal refusal = framing.add(header, head)) return refusal;
  }
  return {400, "bad_header"};
}

void parse_begun(std::string_view bytes, const Limits &limits, Head &head) {
  head.method = head.target = {};
  head.header_count = 0;
  Refusal refusal;
  std::size_t scanned = 0;
  if (const std::size_t length = find_head(bytes, scanned, limits, refusal))
    parse_head(bytes.substr(0, length), limits, head);
  else if (const std::size_t end = bytes.find("\r\n"); end != bytes.npos)
    parse_request_line(bytes.substr(0, end), head);
  if (!is_token(head.method)) head.method = {};
}

} // namespace hello::server
