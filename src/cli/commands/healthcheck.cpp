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
  const sys::HttpReply got =
      sys::http_get(options.url, std::chrono::seconds(options.timeout_seconds));
  if (got.status >= 200 && got.status < 400) return Exit::ok;
  say(fmt::format("{} is not healthy: {}{}", options.url,
                  got.status ? fmt::format("{} ", got.status) : "",
                  got.body.substr(0, got.body.find('\n'))));
  return Exit::no;
}

void declare(const Command &command, HealthcheckOptions &options) {
  command.text("url", options.url,
               {"URL to probe; by default /healthz at HELLO_ADMIN_LISTEN, or at port 8081"});
  command.number(
      "--timeout", options.timeout_seconds, 1, 3600,
      {"Seconds for all of it", "SECONDS", nullptr, std::to_string(options.timeout_seconds)});
}

} // namespace hello::cli
