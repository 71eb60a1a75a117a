#include <chrono>
#include <cstdlib>

#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/view/output.h"
#include "hello/address.h"
#include "hello/http_client.h"
#include "hello/text.h"

namespace hello::cli {

namespace {
/// Where the service in the same container answers: HELLO_ADMIN_LISTEN moves both.
std::string own_url() {
  const char *const listen = std::getenv("HELLO_ADMIN_LISTEN");
  sys::Address address = sys::parse_address(
      listen && *listen ? listen : server::Options().admin_listen, "HELLO_ADMIN_LISTEN");
  const auto ip = address.ip();
  const bool any_v6 = ip == decltype(ip){};
  if (any_v6 || sys::ip_text(address) == "0.0.0.0")
    address = sys::parse_address(fmt::format("127.0.0.1:{}", address.port()), "HELLO_ADMIN_LISTEN");
  return fmt::format("http://{}/healthz", sys::to_text(address));
}
} // namespace

Exit run(const HealthcheckOptions &given) {
  HealthcheckOptions options = given;
  if (options.url.empty()) options.url = own_url();
  const sys::HttpReply got = sys::http_get(options.url, options.timeout);
  if (got.status >= 200 && got.status < 400) return Exit::ok;
  options.console.note(fmt::format("{} is not healthy: {}{}", options.url,
                                   got.status ? fmt::format("{} ", got.status) : "",
                                   got.body.substr(0, got.body.find('\n'))));
  return Exit::no;
}

void declare(const Command &command, HealthcheckOptions &options) {
  command.section("Arguments");
  command.text("URL", options.url,
               {"URL to probe; by default /healthz at HELLO_ADMIN_LISTEN, or on port 8081"});
  command.section();
  command.each("--timeout",
               [&options](const std::string &text) {
                 const auto time = text::seconds(text);
                 if (!time || time->count() < 1 || time->count() > 3600)
                   return fmt::format("'{}' is not a time from 1s to 1h, such as 4s", text);
                 options.timeout = *time;
                 return std::string();
               },
               {"time limit for the whole probe", "TIME", nullptr, "4s"});
  add_quiet(command, options.console);
  command.example("hello healthcheck", "probe this container's service");
  command.example("hello healthcheck http://127.0.0.1:8081/readyz", "probe another endpoint");
}

} // namespace hello::cli
