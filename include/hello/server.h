#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

/// The service: two listeners (public and admin), one process, no file but the temp directory.
namespace hello::server {

/// What `hello serve` can be told, by flags and environment alone.
struct Options {
  std::string listen =
      "0.0.0.0:8080"; ///< HOST:PORT, :PORT or [HOST]:PORT; port 0: the kernel chooses
  std::string admin_listen =
      "0.0.0.0:8081"; ///< probes, metrics, version: never exposed by the Ingress
  std::string messages = "Hello, World!"; ///< UTF-8; each line is a message
  std::string messages_file; ///< empty: `messages`; else read from here, and again when it changes
  unsigned threads = 0;      ///< public loops; 0: the CPUs that the container may use
  std::size_t max_connections = 0; ///< 0: the descriptor limit less 64

  std::chrono::milliseconds drain_delay{3000}; ///< after SIGTERM: not ready, but serving
  std::chrono::milliseconds drain_timeout{
      20000}; ///< then: for what is under way, before a hard end
  std::chrono::milliseconds idle_timeout{
      620000}; ///< between requests; longer than the load balancers in front
  std::chrono::milliseconds header_timeout{10000};
  std::chrono::milliseconds body_timeout{30000};
  std::chrono::milliseconds write_timeout{30000};

  std::string access_log = "json"; ///< json, text or off
  std::string access_log_file;     ///< empty: stdout
  std::vector<std::string>
      trusted_proxies; ///< CIDRs whose Forwarded and X-Forwarded-For are believed
  std::string temp_dir = "/tmp";
  bool sandbox = true; ///< seccomp, Landlock and no_new_privs once listening
};

/// Serves until SIGTERM or SIGINT, and drains. Returns the exit code.
/// Throws Error(Exit::usage) for an option that cannot be, Error(Exit::failure) if it cannot
/// listen.
int serve(const Options &options);

} // namespace hello::server
