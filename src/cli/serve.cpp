#include <charconv>
#include <cstdint>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "cli/commands.h"
#include "hello/server.h"

namespace hello::cli {

namespace {
using std::chrono::milliseconds;

/// "500ms", "10s", "5m", "2h", or "0"; up to a day. Empty, or why it is wrong.
std::string parse_duration(const std::string &text, milliseconds &out) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, text.data() + text.size());
  std::int64_t factor = unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "m" ? 60'000 : unit == "h" ? 3'600'000 : 0;
  if (text == "0") factor = 1;
  if (error != std::errc() || number < 0 || factor == 0 || number > 86'400'000 / factor)
    return fmt::format("'{}' is no duration from 0 to 24h, such as 500ms, 10s or 5m", text);
  out = milliseconds(number * factor);
  return {};
}

std::string show(milliseconds time) {
  return time.count() % 1000 ? fmt::format("{}ms", time.count()) : fmt::format("{}s", time.count() / 1000);
}
} // namespace

void add_serve(CLI::App &app, Run &run) {
  auto options = std::make_shared<server::Options>();
  CLI::App *command = app.add_subcommand("serve", "Run the web service");
  command->option_defaults()->take_last(); // a later flag wins
  // No name may begin with HELLO_PORT or HELLO_SERVICE: Kubernetes sets those where a Service is called hello.
  auto duration = [&](const char *flag, milliseconds &value, const char *doc, const char *env, bool may_be_zero) {
    command
        ->add_option_function<std::string>(
            flag,
            [&value, flag, may_be_zero](const std::string &text) {
              if (auto wrong = parse_duration(text, value); !wrong.empty()) throw CLI::ValidationError(flag, wrong);
              if (!may_be_zero && value.count() == 0) throw CLI::ValidationError(flag, "must be more than 0");
            },
            doc)
        ->default_str(show(value))
        ->type_name("TIME")
        ->envname(env);
  };
  server::Options &o = *options;
  command->add_option("--listen", o.listen, "Public listener: HOST:PORT, :PORT or [HOST]:PORT; port 0: any free one")
      ->capture_default_str()
      ->type_name("ADDRESS")
      ->envname("HELLO_LISTEN");
  command->add_option("--admin-listen", o.admin_listen, "Probes, metrics and version: never expose it")
      ->capture_default_str()
      ->type_name("ADDRESS")
      ->envname("HELLO_ADMIN_LISTEN");
  command->add_option("--messages", o.messages, "What to show; several lines are several messages")
      ->capture_default_str()
      ->type_name("TEXT")
      ->envname("MESSAGES");
  command
      ->add_option("--messages-file", o.messages_file, "Show the text of this file instead, and again when it changes")
      ->type_name("PATH")
      ->envname("HELLO_MESSAGES_FILE");
  command->add_option("--threads", o.threads, "Event loops; 0: one for each CPU that the container may use")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024))
      ->envname("HELLO_THREADS");
  command
      ->add_option("--max-connections", o.max_connections,
                   "Past it the longest idle one goes; 0: the descriptor limit less 64")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 20))
      ->envname("HELLO_MAX_CONNECTIONS");
  duration("--drain-delay", o.drain_delay, "After SIGTERM: not ready, but serving", "HELLO_DRAIN_DELAY", true);
  duration("--drain-timeout", o.drain_timeout, "Then: for what is under way, before a hard end", "HELLO_DRAIN_TIMEOUT",
           true);
  duration("--idle-timeout", o.idle_timeout, "Between requests; longer than the load balancers in front have",
           "HELLO_IDLE_TIMEOUT", false);
  duration("--header-timeout", o.header_timeout, "For all of a request's head", "HELLO_HEADER_TIMEOUT", false);
  duration("--body-timeout", o.body_timeout, "For all of a request's body", "HELLO_BODY_TIMEOUT", false);
  duration("--write-timeout", o.write_timeout, "For a client to take some of its answer", "HELLO_WRITE_TIMEOUT", false);
  command->add_option("--access-log", o.access_log, "How requests are logged to stdout")
      ->capture_default_str()
      ->check(CLI::IsMember({"json", "text", "off"}))
      ->envname("HELLO_ACCESS_LOG");
  command->add_option("--access-log-file", o.access_log_file, "Log requests to this file instead of stdout; rotated")
      ->type_name("PATH")
      ->envname("HELLO_ACCESS_LOG_FILE");
  command
      ->add_option("--trusted-proxies", o.trusted_proxies, "Whose X-Forwarded-For and Forwarded are believed, as CIDRs")
      ->delimiter(',')
      ->take_all()
      ->type_name("CIDR,…")
      ->envname("HELLO_TRUSTED_PROXIES");
  command->add_option("--temp-dir", o.temp_dir, "The one directory that is written")
      ->capture_default_str()
      ->type_name("PATH")
      ->envname("HELLO_TEMP_DIR");
  command->add_flag("!--no-sandbox,--sandbox", o.sandbox, "Do without seccomp, Landlock and no_new_privs")
      ->envname("HELLO_SANDBOX");
  command->callback([options, &run] { run = [options] { return server::serve(*options); }; });
}

} // namespace hello::cli
