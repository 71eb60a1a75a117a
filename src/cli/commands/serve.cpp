#include <cstdlib>
#include <memory>

#include "cli/commands/commands.h"
#include "hello/server.h"

namespace hello::cli {

void add_serve(const Command &app) {
  const Command command = app.sub("serve", "Run the web service");
  auto options = std::make_shared<server::Options>();
  server::Options &o = *options;
  using std::chrono::milliseconds;
  command.last_wins();
  // No name may begin with HELLO_PORT or HELLO_SERVICE: Kubernetes sets those where a Service is
  // called hello.
  command.text("--listen", o.listen,
               {"Public listener: HOST:PORT, :PORT or [HOST]:PORT; port 0: any free one", "ADDRESS",
                "HELLO_LISTEN"});
  command.text("--admin-listen", o.admin_listen,
               {"Probes, metrics and version: never expose it", "ADDRESS", "HELLO_ADMIN_LISTEN"});
  // CLI11 takes an empty variable for none; a ConfigMap's empty text is one.
  if (const char *set = std::getenv("MESSAGES"); set && !*set) o.messages.clear();
  command.text("--messages", o.messages,
               {"What to show; several lines are several messages", "TEXT", "MESSAGES"});
  command.text("--messages-file", o.messages_file,
               {"Show the text of this file instead, and again when it changes", "PATH",
                "HELLO_MESSAGES_FILE"});
  command.number(
      "--threads", o.threads, 0, 1024,
      {"Event loops; 0: one for each CPU that the container may use", "N", "HELLO_THREADS", "0"});
  command.number(
      "--max-connections", o.max_connections, 0, 1 << 20,
      {"Beyond this, the longest-idle connection is closed; 0: the descriptor limit less 64", "N",
       "HELLO_MAX_CONNECTIONS", "0"});
  command.duration("--drain-delay", o.drain_delay,
                   {"After SIGTERM: not ready, but serving", "TIME", "HELLO_DRAIN_DELAY"});
  command.duration("--drain-timeout", o.drain_timeout,
                   {"Time for in-flight requests to finish before they are cut off", "TIME",
                    "HELLO_DRAIN_TIMEOUT"});
  const milliseconds some(1);
  command.duration("--idle-timeout", o.idle_timeout,
                   {"Between requests; longer than the load balancers in front have", "TIME",
                    "HELLO_IDLE_TIMEOUT"},
                   some);
  command.duration("--header-timeout", o.header_timeout,
                   {"For all of a request's head", "TIME", "HELLO_HEADER_TIMEOUT"}, some);
  command.duration("--body-timeout", o.body_timeout,
                   {"For all of a request's body", "TIME", "HELLO_BODY_TIMEOUT"}, some);
  command.duration("--write-timeout", o.write_timeout,
                   {"For a client to take some of its answer", "TIME", "HELLO_WRITE_TIMEOUT"},
                   some);
  command.choice("--access-log", o.access_log, {"json", "text", "off"},
                 {"How requests are logged to stdout", "", "HELLO_ACCESS_LOG"});
  command.text(
      "--access-log-file", o.access_log_file,
      {"Log requests to this file instead of stdout; rotated", "PATH", "HELLO_ACCESS_LOG_FILE"});
  command.list("--trusted-proxies", o.trusted_proxies,
               {"Whose X-Forwarded-For and Forwarded are believed, as CIDRs", "CIDR,…",
                "HELLO_TRUSTED_PROXIES"},
               ',');
  command.text("--temp-dir", o.temp_dir,
               {"The one directory that is written", "PATH", "HELLO_TEMP_DIR"});
  command.off_flag("--no-sandbox", "--sandbox", o.sandbox,
                   {"Do without seccomp, Landlock and no_new_privs", "", "HELLO_SANDBOX"});
  command.does([options] { return server::serve(*options); });
}

} // namespace hello::cli
