#include "server/log/trace.h"

#include <algorithm>

namespace hello::server {

std::string_view trace_id(std::string_view traceparent) {
  const auto hex = [&](std::size_t from, std::size_t size) {
    const std::string_view part = traceparent.substr(from, size);
    return part.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  };
  const auto zero = [&](std::size_t from, std::size_t size) {
    return traceparent.substr(from, size).find_first_not_of('0') == std::string_view::npos;
  };
  if (traceparent.size() < 55 || !hex(0, 2) || !hex(3, 32) || !hex(36, 16) || !hex(53, 2))
    return {};
  if (traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-') return {};
  if (zero(3, 32) || zero(36, 16)) return {};
  const std::string_view version = traceparent.substr(0, 2);
  if (version == "ff" || (version == "00" && traceparent.size() != 55)) return {};
  if (traceparent.size() > 55 && traceparent[55] != '-') return {};
  return traceparent.substr(3, 32);
}

std::string_view request_id(std::string_view value) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.:/+=@").find(c) != std::string_view::npos;
  };
  return !value.empty() && value.size() <= 128 && std::all_of(value.begin(), value.end(), good)
             ? value
             : std::string_view();
}

} // namespace hello::server
