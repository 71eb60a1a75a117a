#include <chrono>

#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/view/output.h"
#include "hello/http_client.h"
#include "hello/text.h"

namespace hello::cli {

Exit run(const HealthcheckOptions &options) {
  const sys::HttpReply got =
      sys::http_get(options.url, std::chrono::seconds(options.timeout_seconds));
  if (got.status >= 200 && got.status < 400) return Exit::ok;
  say(fmt::format("{} is not healthy: {}{}", options.url,
                  got.status ? fmt::format("{} ", got.status) : "",
                  got.body.substr(0, got.body.find('\n'))));
  return Exit::no;
}

void declare(const Command &command, HealthcheckOptions &options) {
  command.text("url", options.url, {"What to ask"});
  command.number(
      "--timeout", options.timeout_seconds, 1, 3600,
      {"Seconds for all of it", "SECONDS", nullptr, std::to_string(options.timeout_seconds)});
}

} // namespace hello::cli
