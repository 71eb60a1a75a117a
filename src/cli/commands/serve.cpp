#include <cstdlib>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "hello/nearest.h"
#include "hello/text.h"

namespace hello::cli {

void add_log_format(const Command &command, std::string &format) {
  command.choice(
      "--log-format", format, "json|text",
      {"format of the log lines", "FORMAT", "HELLO_LOG_FORMAT", "json; at a terminal text"});
}

namespace {

/// The warning about an old form of --access-log; empty for any other value.
std::string old_form(const std::string &access) {
  if (access != "json" && access != "text") return "";
  return fmt::format("--access-log={0} is an old form: write --access-log=on --log-format={0}",
                     access);
}

/// HELLO_ACCESS_LOG=text sets the format too, where no variable of its own does.
void set_format_variable() {
  const char *const access = std::getenv("HELLO_ACCESS_LOG");
  if (access && !old_form(access).empty()) ::setenv("HELLO_LOG_FORMAT", access, 0);
}

/// A log file and no log contradict each other, unless a variable asks for one of them.
void settle_log(server::Options &options) {
  if (!options.stderr_file.empty() && options.stderr_file == options.access_log_file)
    throw Error(Exit::usage, "--access-log-file and --stderr-file are the same file",
                "give them different names: each is rotated by itself");
  if (options.access_log != "off" || options.access_log_file.empty()) return;
  if (server::holder(options, "--access-log-file") != "--access-log-file") return;
  if (server::holder(options, "--access-log") == "--access-log")
    throw Error(Exit::usage, "--access-log=off and --access-log-file contradict each other",
                "give one of them");
  options.access_log = server::Options().access_log;
}

} // namespace

Exit run(const server::Options &options) {
  server::Options checked = options;
  const char *const messages = std::getenv("MESSAGES"), *const other =
                                                            std::getenv("HELLO_MESSAGES");
  if (messages && other && std::string_view(messages) != other &&
      server::holder(options, "--messages") == "MESSAGES")
    checked.warnings.emplace_back("HELLO_MESSAGES is ignored: MESSAGES has another text");
  settle_log(checked);
  if (!options.drill_at.empty() && !options.allow_drills)
    throw Error(Exit::usage, "--drill-at needs --drills");
  for (char **variable = environ; *variable; ++variable) {
    const std::string_view text = *variable;
    const std::size_t equals = text.find('=');
    if (!text.starts_with("HELLO_") || equals == text.npos) continue;
    std::string warning = config::unknown_variable(text.substr(0, equals), text.substr(equals + 1));
    if (!warning.empty()) checked.warnings.push_back(std::move(warning));
  }
  if (std::string warning = old_form(options.access_log); !warning.empty())
    checked.warnings.push_back(std::move(warning));
  return static_cast<Exit>(server::serve(checked));
}

namespace {

void declare_log(const Command &command, server::Options &options) {
  command.section("Log");
  add_log_format(command, options.log_format);
  // json and text of 0.1.0 stay, unlisted: they set the format too.
  const auto take_access = [&access = options.access_log](const std::string &word) {
    if (word != "on" && word != "off" && word != "json" && word != "text")
      return fmt::format("invalid value '{}': use on or off", word);
    access = word;
    return std::string();
  };
  OptionRow &access =
      command.each("--access-log", take_access,
                   {"a line on stdout for each request", "WORD", "HELLO_ACCESS_LOG"});
  access.choices = "on|off";
  access.fallback = "on";
  access.also = "--log-format";
  OptionSpec log{"file for the access log, instead of stdout; rotated", "PATH",
                 "HELLO_ACCESS_LOG_FILE"};
  log.completes = Completes::file;
  command.text("--access-log-file", options.access_log_file, log);
  log.help = "file that gets a copy of stderr, for a log agent; rotated";
  log.env = "HELLO_STDERR_FILE";
  command.text("--stderr-file", options.stderr_file, log);
  command.list("--trusted-proxies", options.trusted_proxies,
               {"proxies whose --trusted-header counts", "CIDR,…", "HELLO_TRUSTED_PROXIES"}, ',');
  command.choice("--trusted-header", options.trusted_header, "x-forwarded-for|forwarded",
                 {"header in which these proxies name the client; the other is ignored", "HEADER",
                  "HELLO_TRUSTED_HEADER"});
}

/// Reads a size from `least` to 1Ti. Returns what is wrong with it, or nothing.
std::string take_size(const std::string &text, std::string_view least, std::size_t &bytes) {
  const auto size = text::Quantity::parse(text);
  if (!size || *size < text::Quantity::parse(least) || *size > text::Quantity::parse("1Ti"))
    return fmt::format("'{}' is not a size from {} to 1Ti, such as 128Mi", text, least);
  bytes = static_cast<std::size_t>(size->value());
  return "";
}

void declare_limits(const Command &command, server::Options &options) {
  command.section("Limits");
  command.number(
      "--threads", options.threads, 0, 1024,
      {"event loops; 0: one per CPU that the container may use", "N", "HELLO_THREADS", "0"});
  command.number("--max-connections", options.max_connections, 0, 1 << 20,
                 {"connection limit; beyond it, new connections wait; 0: as many as file "
                  "descriptors and a quarter of the memory budget allow",
                  "N", "HELLO_MAX_CONNECTIONS", "0"});
  command.each("--memory-limit",
               [&bytes = options.memory_limit_bytes](const std::string &text) {
                 return take_size(text, "16Mi", bytes);
               },
               {"memory limit of the process; by default the control group's limit, or a quarter "
                "of the machine's memory up to 512Mi",
                "SIZE", "HELLO_MEMORY_LIMIT"});
  const std::chrono::milliseconds some(1);
  command.duration(
      "--idle-timeout", options.idle_timeout,
      {"how long a connection may be idle; use a longer time than load balancers in front", "TIME",
       "HELLO_IDLE_TIMEOUT"},
      some);
  command.duration("--header-timeout", options.header_timeout,
                   {"time to receive all headers of a request", "TIME", "HELLO_HEADER_TIMEOUT"},
                   some);
  command.duration("--body-timeout", options.body_timeout,
                   {"time to receive the whole body of a request", "TIME", "HELLO_BODY_TIMEOUT"},
                   some);
  command.duration(
      "--write-timeout", options.write_timeout,
      {"time in which a client must read each 16 KiB of a response", "TIME", "HELLO_WRITE_TIMEOUT"},
      some);
}

void declare_drills(const Command &command, server::Options &options) {
  command.section("Tests");
  command.flag("--echo", options.echo,
               "serve /echo, which shows each request as it arrived, credentials masked");
  command.flag("--drills", options.allow_drills,
               "allow faults on request, see docs/drills.md; not for production");
  command.text("--drill-listen", options.drill_listen,
               {"loopback address that accepts requests for drills, with --drills", "ADDRESS"});
  command.each("--temp-limit",
               [&bytes = options.temp_limit_bytes](const std::string &text) {
                 return take_size(text, "1Mi", bytes);
               },
               {"size limit of --temp-dir, of which the drill disk takes at most 80 %", "SIZE",
                nullptr, "32Mi"});
  if (const char *const uid = std::getenv("POD_UID")) options.drill_key = uid; // see NODE_NAME
  const auto take_drill = [&all = options.drill_at](const std::string &text) {
    drills::Scheduled one;
    std::string why = drills::parse(text, one);
    if (why.empty()) all.push_back(std::move(one));
    return why;
  };
  command
      .each("--drill-at", take_drill,
            {"fault to begin at a time after the start, such as unready@20s+15s; needs --drills",
             "FAULT[=VALUE]@START[+TIME]"})
      .repeats = true;
}

/// What the Deployment sets. It switches nothing on.
void declare_place(const Command &command, server::Options &options) {
  const auto take_release = [&release = options.release](const std::string &name) {
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (name.empty() || name.size() > 40 || name.find_first_not_of(kAllowed) != name.npos)
      return fmt::format("'{}' is not the name of a release", name);
    release = name;
    return std::string();
  };
  command.each("--release", take_release,
               {"release that this process belongs to, for the metric hello_build_info", "NAME",
                "HELLO_RELEASE", "hello"});
  if (const char *const node = std::getenv("NODE_NAME")) options.node = node;
}

} // namespace

void declare(const Command &command, server::Options &options) {
  command.last_value_wins();
  set_format_variable();
  // No name may begin with HELLO_PORT or HELLO_SERVICE: Kubernetes sets those where a Service is
  // called hello.
  // CLI11 ignores an empty variable, but a ConfigMap's empty text is a value.
  const char *const set = std::getenv("MESSAGES"), *const other = std::getenv("HELLO_MESSAGES");
  if (set && !*set) options.messages.clear();
  if (!set && other) options.messages = other;
  if (set && !*set) options.variables.emplace_back("--messages", "MESSAGES");
  if (!set && other) options.variables.emplace_back("--messages", "HELLO_MESSAGES");
  command.note_variables(options.variables);
  command.either("--messages", "--messages-file");
  command.text("--messages", options.messages,
               {"text to show; each line is a message", "TEXT", "MESSAGES"});
  OptionSpec file{"file to read the text from instead; reloaded when it changes", "PATH",
                  "HELLO_MESSAGES_FILE"};
  file.completes = Completes::file;
  command.text("--messages-file", options.messages_file, file);
  command.text("--listen", options.listen,
               {"public address: HOST:PORT, :PORT or [HOST]:PORT; port 0: any free one", "ADDRESS",
                "HELLO_LISTEN"});
  command.text("--admin-listen", options.admin_listen,
               {"address for probes, metrics and version; never expose it", "ADDRESS",
                "HELLO_ADMIN_LISTEN"});
  command.text(
      "--base-path", options.base_path,
      {"path of the public page, for a proxy that does not strip it", "PATH", "HELLO_BASE_PATH"});
  declare_place(command, options);
  declare_log(command, options);
  declare_limits(command, options);
  command.section("Shutdown");
  command.duration("--drain-delay", options.drain_delay,
                   {"time after SIGTERM to keep serving while reported as not ready", "TIME",
                    "HELLO_DRAIN_DELAY"});
  command.duration("--drain-timeout", options.drain_timeout,
                   {"time for in-flight requests to finish before they are cut off", "TIME",
                    "HELLO_DRAIN_TIMEOUT"});
  command.section("Sandbox");
  OptionSpec temp{"directory that must be writable for readiness, if it holds the access log file",
                  "PATH", "HELLO_TEMP_DIR"};
  temp.completes = Completes::directory;
  command.text("--temp-dir", options.temp_dir, temp);
  command.flag_pair("--no-sandbox,--sandbox", options.sandbox,
                    {"seccomp, Landlock and no_new_privs", "", "HELLO_SANDBOX", "on"});
  declare_drills(command, options);
  command.section();
  command.details(
      "SIGTERM drains connections; a second one exits at once. If an option is repeated, "
      "the last value wins. Options that contradict each other, such as --messages and "
      "--messages-file, are an error. Each of them overrides the variable of the other.");
  command.example("hello serve --messages 'Hello, World!'", "serve on port 8080");
  command.example("MESSAGES=$'one\\ntwo' hello serve --listen :9000", "serve on another port");
}

} // namespace hello::cli
