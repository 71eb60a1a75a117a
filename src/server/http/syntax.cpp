#include "server/http/syntax.h"

#include <algorithm>

#include <arpa/inet.h>

namespace hello::server::syntax {

bool consists_of(std::string_view text, std::uint8_t bits) {
  for (char c : text)
    if (!is(c, bits)) return false;
  return true;
}

bool iequals(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c >= 'A' && c <= 'Z') c |= 0x20;
    if (c != lower[i]) return false;
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

namespace {
bool is_percent_encoded(std::string_view text) {
  for (auto at = text.find('%'); at != text.npos; at = text.find('%', at + 3))
    if (text.size() - at < 3 || !is(text[at + 1], hex) || !is(text[at + 2], hex)) return false;
  return true;
}

/// The text between "[" and "]": an IPv6 address without a zone. IPvFuture is not supported.
bool is_ip_literal(std::string_view text) {
  char copy[INET6_ADDRSTRLEN] = ""; // longer than any address
  if (text.size() >= sizeof copy) return false;
  text.copy(copy, text.size());
  in6_addr address;
  return ::inet_pton(AF_INET6, copy, &address) == 1;
}
} // namespace

bool is_host_port(std::string_view text) {
  std::size_t end;
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == text.npos || !is_ip_literal(text.substr(1, end - 1))) return false;
    ++end;
  } else {
    end = std::min(text.find(':'), text.size());
    std::string_view name = text.substr(0, end);
    if (name.empty() || !consists_of(name, host_char) || !is_percent_encoded(name)) return false;
  }
  std::string_view port = text.substr(end);
  if (!port.empty() && port.front() != ':') return false;
  if (port.size() <= 1) return true;
  port.remove_prefix(1);
  if (!consists_of(port, digit) || port.size() > 5) return false;
  unsigned number = 0;
  for (char c : port) number = number * 10 + unsigned(c - '0');
  return number <= 65535;
}

bool normalize_path(std::string_view path, std::string &buffer, std::string_view &result) {
  result = path;
  if (path.find('%') == path.npos && path.find("/.") == path.npos) return true;
  buffer.clear();
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      buffer += path[i];
      continue;
    }
    if (path.size() - i < 3 || !is(path[i + 1], hex) || !is(path[i + 2], hex)) return false;
    char c = static_cast<char>(hex_value(path[i + 1]) * 16 + hex_value(path[i + 2]));
    if (c == 0) return false;
    if (c == '/')
      buffer += "%2F";
    else
      buffer += c;
    i += 2;
  }
  // RFC 3986 section 5.2.4, in place: the output ends at `end`, never beyond what has been read.
  std::size_t end = 0;
  for (std::size_t at = 0; at < buffer.size();) {
    std::size_t next = std::min(buffer.find('/', at + 1), buffer.size());
    std::string_view segment(buffer.data() + at, next - at);
    bool last = next == buffer.size();
    if (segment == "/.") {
      if (last) buffer[end++] = '/';
    } else if (segment == "/..") {
      while (end > 0 && buffer[--end] != '/') {
      }
      if (last) buffer[end++] = '/';
    } else {
      std::copy(segment.begin(), segment.end(), buffer.begin() + static_cast<std::ptrdiff_t>(end));
      end += segment.size();
    }
    at = next;
  }
  buffer.resize(end);
  if (buffer.empty()) buffer = "/";
  result = buffer;
  return true;
}

} // namespace hello::server::syntax
