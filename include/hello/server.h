#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hello/drills.h"

/// The service: a public and an admin listener in one process, which writes no file except in the
/// temp directory and the access log.
namespace hello::server {

/// The options of `hello serve`, set by flags and environment variables only.
struct Options {
  // An address is HOST:PORT, :PORT (all addresses) or [HOST]:PORT. With port 0 the kernel chooses
  // one.
  std::string listen = ":8080";
  /// Probes, metrics, version; not exposed by the Ingress.
  std::string admin_listen = ":8081";
  std::string base_path = "/";            ///< of the public page
  std::string release = "hello";          ///< whose pod this is, for hello_build_info
  std::string messages = "Hello, World!"; ///< UTF-8; each line is a message
  std::string messages_file;              ///< replaces `messages`; reloaded when it changes
  unsigned threads = 0;                   ///< public loops; 0: the CPUs that the container may use
  std::size_t max_connections = 0;        ///< 0: as many as descriptors and memory allow
  std::size_t memory_limit_bytes = 0;     ///< 0: that of the control group

  std::chrono::milliseconds drain_delay{3000};    ///< after SIGTERM: not ready, but still serving
  std::chrono::milliseconds drain_timeout{20000}; ///< after that: for in-flight requests to finish
  /// Between requests; longer than that of the load balancers in front.
  std::chrono::milliseconds idle_timeout{620000};
  std::chrono::milliseconds header_timeout{10000};
  std::chrono::milliseconds body_timeout{30000};
  std::chrono::milliseconds write_timeout{30000};

  std::string log_format;        ///< json or text; empty: text for a terminal, else json
  std::string access_log = "on"; ///< on or off; json and text are old forms of on
  std::string access_log_file;   ///< empty: stdout
  std::string stderr_file;       ///< gets what stderr gets; empty: none
  /// CIDRs of the proxies that may report their clients in `trusted_header`.
  std::vector<std::string> trusted_proxies;
  std::string trusted_header = "x-forwarded-for"; ///< the field they write, or "forwarded"
  std::string temp_dir = "/tmp";
  std::size_t temp_limit_bytes = 32 << 20; ///< of temp_dir, for the drill `disk`
  bool echo = false;         ///< /echo on the public port shows each request as it arrived
  std::string node;          ///< Kubernetes' node, for /echo; empty: unknown
  bool allow_drills = false; ///< whether faults may be asked for
  std::string drill_listen = "127.0.0.1:8082"; ///< of requests for drills; loopback alone
  std::string drill_key; ///< that these requests must have; empty: a random one, which is logged
  std::vector<drills::Scheduled> drill_at; ///< drills from the start on
  std::vector<std::string> warnings;       ///< about the options, to be logged at the start
  /// Flag and variable of each value that a variable held: errors name it.
  std::vector<std::pair<std::string_view, std::string_view>> variables;
  bool sandbox = true; ///< seccomp, Landlock and no_new_privs, once listening
};

/// What held the value of the flag: the flag itself, or its variable.
std::string_view holder(const Options &options, std::string_view flag);

/// Serves until SIGTERM or SIGINT, then drains. Returns the exit code. Throws Error(Exit::usage) if
/// an option is invalid, Error(Exit::failure) if it cannot listen.
int serve(const Options &options);

} // namespace hello::server
