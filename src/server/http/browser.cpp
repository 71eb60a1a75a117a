#include "server/http/browser.h"

#include "hello/address.h"
#include "server/http/syntax.h"

namespace hello::server {
namespace {

bool is_loopback_name(std::string_view host) {
  host = host.substr(0, host.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  constexpr std::string_view kName = "localhost";
  if (host.size() < kName.size()) return false;
  const std::size_t before = host.size() - kName.size();
  return syntax::iequals(host.substr(before), kName) && (before == 0 || host[before - 1] == '.');
}

} // namespace

bool is_rebound(const Request &request) {
  bool is_browser = false;
  std::string_view host;
  for (const Header &header : request.headers) {
    if (syntax::iequals(header.name, "host")) host = header.value;
    if (syntax::iequals(header.name, "origin") ||
        syntax::iequals(header.name.substr(0, 10), "sec-fetch-"))
      is_browser = true;
  }
  return is_browser && !is_loopback_name(host) && !sys::parse_ip(host);
}

bool names_loopback(const Request &request) {
  std::string_view host;
  for (const Header &header : request.headers)
    if (syntax::iequals(header.name, "host")) host = header.value;
  if (is_loopback_name(host)) return true;
  const auto address = sys::parse_ip(host);
  return address && (sys::ip_text(*address).starts_with("127.") || sys::ip_text(*address) == "::1");
}

bool is_from_page(const Request &request) {
  for (const Header &header : request.headers)
    for (const std::string_view name : {"origin", "referer", "sec-fetch-"})
      if (syntax::iequals(header.name.substr(0, name.size()), name)) return true;
  return false;
}

} // namespace hello::server
