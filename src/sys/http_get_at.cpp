#include <fmt/core.h>

#include "hello/http_get_at.h"
#include "hello/http_send.h"
#include "hello/process.h"
#include "hello/text.h"

namespace hello::sys {
namespace {

constexpr const char *kAccept = "application/json";
constexpr std::string_view kHttps = "https://";

/// With the certificate checked; curl's own configuration and proxies are left out. `in` goes to
/// its standard input.
HttpReply by_curl(const std::string &url, const std::vector<std::string> &more,
                  const std::string &in, std::chrono::milliseconds timeout) {
  const std::string curl = find_program("curl");
  if (curl.empty()) return {-1, "curl is not installed, which asks https"};
  std::vector<std::string> argv = {
      curl,         "-q",
      "-g",         "-sS",
      "--noproxy",  "*",
      "--max-time", std::to_string(std::chrono::ceil<std::chrono::seconds>(timeout).count())};
  argv.insert(argv.end(), more.begin(), more.end());
  argv.insert(argv.end(), {"-w", "\n%{http_code}", url});
  const Finished done = run(argv, in, Clock::now() + timeout + std::chrono::seconds(1));
  if (done.code != 0)
    return {0, done.err.empty() ? "no answer in time" : std::string(text::first_line(done.err))};
  const auto end = done.out.rfind('\n');
  const auto status = text::integer(std::string_view(done.out).substr(end + 1), 0, 999);
  return {static_cast<int>(status.value_or(0)), done.out.substr(0, end)};
}

/// Lets curl ask `address` for `url`.
std::vector<std::string> at(const std::string &url, const std::string &address,
                            Certificate certificate) {
  const std::string host = url.substr(kHttps.size(), url.find('/', kHttps.size()) - kHttps.size());
  const bool name = address.find_first_not_of("0123456789abcdefABCDEF.:") != address.npos;
  std::vector<std::string> options = {name ? "--connect-to" : "--resolve",
                                      name ? fmt::format("{}:443:{}:443", host, address)
                                           : fmt::format("{}:443:{}", host, address)};
  if (certificate == Certificate::ignored) options.emplace_back("--insecure");
  return options;
}

} // namespace

HttpReply http_get_at(const std::string &url, const std::string &address,
                      std::chrono::milliseconds timeout, Certificate certificate) {
  if (url.starts_with(kHttps)) {
    std::vector<std::string> more = at(url, address, certificate);
    more.insert(more.end(), {"-H", std::string("Accept: ") + kAccept});
    return by_curl(url, more, "", timeout);
  }
  const HttpUrl parts = parse_http_url(url);
  HttpClient client(address, parts.port, parts.authority);
  return client.get(parts.target, kAccept, {timeout, Clock::now() + timeout, 64 << 10});
}

HttpReply http_send_at(const std::string &url, const std::string &address, Certificate certificate,
                       const HttpRequest &request, bool *kept) {
  constexpr std::chrono::seconds kTimeout{10};
  if (url.starts_with(kHttps)) {
    std::vector<std::string> more = at(url, address, certificate);
    for (const auto &[name, value] : request.headers)
      more.insert(more.end(), {"-H", fmt::format("{}: {}", name, value)});
    if (!request.json.empty()) more.insert(more.end(), {"-H", "Expect:", "--data-binary", "@-"});
    return by_curl(url, more, request.json, kTimeout);
  }
  const HttpUrl parts = parse_http_url(url);
  HttpRequest there = request;
  there.headers.emplace_back("Host", parts.authority);
  const std::string host = address.find(':') == address.npos ? address : "[" + address + "]";
  return http_send(fmt::format("http://{}:{}{}", host, parts.port, parts.target), there, kTimeout,
                   kept);
}

HttpReply http_get_with(const std::string &url, const std::string &header,
                        std::chrono::milliseconds timeout) {
  if (url.starts_with(kHttps)) return by_curl(url, {"-H", "@-"}, header, timeout);
  HttpRequest request{{}, "", 8 << 20};
  const auto colon = header.find(':');
  if (colon != header.npos)
    request.headers.emplace_back(header.substr(0, colon),
                                 text::trimmed(std::string_view(header).substr(colon + 1)));
  return http_send(url, request, timeout);
}

} // namespace hello::sys
