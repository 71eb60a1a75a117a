#include <chrono>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "cli/commands.h"
#include "hello/error.h"
#include "hello/get.h"

namespace hello::cli {

namespace {
struct Options {
  std::string url = "http://127.0.0.1:8081/healthz";
  unsigned timeout_seconds = 4; // Docker's default for a HEALTHCHECK is 30, an exec probe's 1 or what one sets
};

int run_healthcheck(const Options &options) {
  sys::Got got = sys::get(options.url, std::chrono::seconds(options.timeout_seconds));
  if (got.status >= 200 && got.status < 400) return static_cast<int>(Exit::ok);
  std::string body = got.body.substr(0, got.body.find('\n'));
  fmt::print(stderr, "hello: {} is not healthy: {}{}\n", options.url, got.status ? fmt::format("{} ", got.status) : "",
             body);
  return static_cast<int>(Exit::no);
}
} // namespace

void add_healthcheck(CLI::App &app, Run &run) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("healthcheck", "Ask a running service whether it is well: exits 0, or 1");
  command->add_option("url", options->url, "What to ask")->capture_default_str();
  command->add_option("--timeout", options->timeout_seconds, "Seconds for all of it")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600));
  command->callback([options, &run] { run = [options] { return run_healthcheck(*options); }; });
}

} // namespace hello::cli
