#include <cstdlib>

#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "hello/text.h"

namespace hello::cli {

Exit run(const server::Options &options) { return static_cast<Exit>(server::serve(options)); }

void declare(const Command &command, server::Options &options) {
  using std::chrono::milliseconds;
  command.last_value_wins();
  // No name may begin with HELLO_PORT or HELLO_SERVICE: Kubernetes sets those where a Service is
  // called hello.
  command.text("--listen", options.listen,
               {"Public listener: HOST:PORT, :PORT or [HOST]:PORT; port 0: any free one", "ADDRESS",
                "HELLO_LISTEN"});
  command.text("--admin-listen", options.admin_listen,
               {"Probes, metrics and version: never expose it", "ADDRESS", "HELLO_ADMIN_LISTEN"});
  command.text(
      "--base-path", options.base_path,
      {"Path of the public page, behind a proxy that keeps it", "PATH", "HELLO_BASE_PATH"});
  // CLI11 ignores an empty variable, but a ConfigMap's empty text is a value.
  if (const char *set = std::getenv("MESSAGES"); set && !*set) options.messages.clear();
  command.text("--messages", options.messages,
               {"What to show; several lines are several messages", "TEXT", "MESSAGES"});
  command.text("--messages-file", options.messages_file,
               {"Show the text of this file instead, and again when it changes", "PATH",
                "HELLO_MESSAGES_FILE"});
  command.number(
      "--threads", options.threads, 0, 1024,
      {"Event loops; 0: one for each CPU that the container may use", "N", "HELLO_THREADS", "0"});
  command.number(
      "--max-connections", options.max_connections, 0, 1 << 20,
      {"Beyond this, new connections wait; 0: what descriptors and a quarter of the memory budget "
       "allow",
       "N", "HELLO_MAX_CONNECTIONS", "0"});
  const auto take_bytes = [&bytes = options.memory_limit_bytes](const std::string &text) {
    const auto size = text::Quantity::parse(text);
    if (!size || *size < text::Quantity::parse("16Mi") || *size > text::Quantity::parse("1Ti"))
      return fmt::format("'{}' is not a size from 16Mi to 1Ti, such as 128Mi", text);
    bytes = static_cast<std::size_t>(size->value());
    return std::string();
  };
  command.on_each(
      "--memory-limit", take_bytes,
      {"Memory of the whole process; by default the control group's limit, or a quarter "
       "of the machine's memory up to 512Mi",
       "SIZE", "HELLO_MEMORY_LIMIT"});
  command.duration("--drain-delay", options.drain_delay,
                   {"After SIGTERM: not ready, but serving", "TIME", "HELLO_DRAIN_DELAY"});
  command.duration("--drain-timeout", options.drain_timeout,
                   {"Time for in-flight requests to finish before they are cut off", "TIME",
                    "HELLO_DRAIN_TIMEOUT"});
  const milliseconds some(1);
  command.duration("--idle-timeout", options.idle_timeout,
                   {"Between requests; longer than the load balancers in front have", "TIME",
                    "HELLO_IDLE_TIMEOUT"},
                   some);
  command.duration("--header-timeout", options.header_timeout,
                   {"For all of a request's head", "TIME", "HELLO_HEADER_TIMEOUT"}, some);
  command.duration("--body-timeout", options.body_timeout,
                   {"For all of a request's body", "TIME", "HELLO_BODY_TIMEOUT"}, some);
  command.duration("--write-timeout", options.write_timeout,
                   {"For a client to take some of its answer", "TIME", "HELLO_WRITE_TIMEOUT"},
                   some);
  command.choice("--access-log", options.access_log, {"json", "text", "off"},
                 {"How requests are logged to stdout", "", "HELLO_ACCESS_LOG"});
  command.text(
      "--access-log-file", options.access_log_file,
      {"Log requests to this file instead of stdout; rotated", "PATH", "HELLO_ACCESS_LOG_FILE"});
  command.list("--trusted-proxies", options.trusted_proxies,
               {"Proxies whose --trusted-header names the client, as CIDRs", "CIDR,…",
                "HELLO_TRUSTED_PROXIES"},
               ',');
  command.choice("--trusted-header", options.trusted_header, {"x-forwarded-for", "forwarded"},
                 {"The header that these proxies write; the other one is ignored", "",
                  "HELLO_TRUSTED_HEADER"});
  command.text("--temp-dir", options.temp_dir,
               {"The one directory that is written", "PATH", "HELLO_TEMP_DIR"});
  command.flag_pair("--no-sandbox", "--sandbox", options.sandbox,
                    {"Do without seccomp, Landlock and no_new_privs", "", "HELLO_SANDBOX"});
}

} // namespace hello::cli
