#include "hello/get.h"

#include <algorithm>

#include <fmt/core.h>

#include "hello/error.h"

namespace hello::sys {

namespace {

struct Url {
  std::string authority, host, port = "80", target = "/";
};

Url parse(const std::string &text) {
  auto bad = [&](std::string_view why) {
    return Error(Exit::usage, fmt::format("'{}' is no URL to ask: {}", text, why),
                 "write http://127.0.0.1:8081/healthz");
  };
  if (!text.starts_with("http://")) throw bad("it does not begin with http://");
  for (char c : text)
    if (c <= ' ' || c == 0x7f) throw bad("there is a blank or a control character in it");
  Url url;
  auto end = std::min(text.find_first_of("/?#", 7), text.size());
  url.authority = url.host = text.substr(7, end - 7);
  if (end < text.size()) url.target = text.substr(end, text.find('#') - end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (url.authority.find('@') != url.authority.npos) throw bad("it has a user name");
  auto colon = url.host.rfind(':');
  if (colon != url.host.npos && url.host.find(']', colon) == url.host.npos) {
    url.port = url.host.substr(colon + 1);
    url.host.resize(colon);
    if (url.port.empty() || url.port.size() > 5 ||
        url.port.find_first_not_of("0123456789") != url.port.npos)
      throw bad("the port is not a number");
  }
  if (url.host.size() > 2 && url.host.front() == '[' && url.host.back() == ']')
    url.host = url.host.substr(1, url.host.size() - 2);
  if (url.host.empty()) throw bad("there is no host");
  return url;
}

} // namespace

Got get(const std::string &text, std::chrono::milliseconds timeout) {
  const Url url = parse(text);
  const auto now = std::chrono::steady_clock::now();
  return Client(url.host, url.port, url.authority)
      .get(url.target, "text/plain", {timeout, now + timeout, 64 << 10});
}

} // namespace hello::sys
