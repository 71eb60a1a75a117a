#include <chrono>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/view/output.h"
#include "hello/error.h"
#include "hello/http_client.h"

namespace hello::cli {

namespace {
struct Options {
  std::string url = "http://127.0.0.1:8081/healthz";
  unsigned timeout_seconds =
      4; // Docker's default for a HEALTHCHECK is 30, an exec probe's 1 or what one sets
};

int run_healthcheck(const Options &options) {
  const sys::HttpReply got =
      sys::http_get(options.url, std::chrono::seconds(options.timeout_seconds));
  if (got.status >= 200 && got.status < 400) return static_cast<int>(Exit::ok);
  std::string body = got.body.substr(0, got.body.find('\n'));
  say(fmt::format("{} is not healthy: {}{}", options.url,
                  got.status ? fmt::format("{} ", got.status) : "", body));
  return static_cast<int>(Exit::no);
}
} // namespace

void add_healthcheck(const Command &app) {
  const Command command =
      app.sub("healthcheck", "Probe a running service; exit 0 if healthy, 1 if not");
  auto options = std::make_shared<Options>();
  command.text("url", options->url, {"What to ask"});
  command.number(
      "--timeout", options->timeout_seconds, 1, 3600,
      {"Seconds for all of it", "SECONDS", nullptr, std::to_string(options->timeout_seconds)});
  command.does([options] { return run_healthcheck(*options); });
}

} // namespace hello::cli
