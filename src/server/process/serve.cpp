#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hello/error.h"
#include "hello/server.h"
#include "server/engine/listener.h"
#include "server/log/notice.h"
#include "server/process/application.h"
#include "server/process/cpus.h"
#include "server/process/lifecycle.h"
#include "server/process/sandbox.h"
#include "server/site/metrics.h"

namespace hello::server {

using namespace std::chrono_literals;

namespace {
constexpr std::size_t kKeptFree = 64;         ///< descriptors that are never a public connection's
constexpr std::size_t kAdminConnections = 32; ///< out of those
constexpr unsigned kMostThreads = 1024;

/// Raises the soft limit of descriptors to the hard one, and says how many there are.
std::size_t descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  rlim_t most = std::min<rlim_t>(limit.rlim_max, 1 << 20);
  if (limit.rlim_cur < most) {
    rlimit raised{most, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit.rlim_cur = most;
  }
  return std::min<rlim_t>(limit.rlim_cur, 1 << 20);
}

std::size_t connection_cap(const Options &options, unsigned threads) {
  std::size_t limit = descriptor_limit();
  std::size_t own = kKeptFree + 3 * threads; // each loop has an epoll, an eventfd and a listener
  own += std::max<std::size_t>(open_descriptors(), 3) - 3; // what was open before we began
  if (limit <= own)
    throw Error(Exit::failure,
                fmt::format("the limit of {} descriptors is too low for {} loops", limit, threads),
                "raise it (ulimit -n), or use fewer --threads");
  std::size_t most = limit - own;
  if (options.max_connections > most)
    notice(Level::warning, "--max-connections is more than the descriptor limit allows",
           {{"max_connections", std::to_string(most)}});
  return options.max_connections ? std::min(options.max_connections, most) : most;
}

LoopConfig loop_config(const Options &options, LoopGroup &group) {
  LoopConfig config;
  config.timeouts = {options.idle_timeout, options.header_timeout, options.body_timeout,
                     options.write_timeout, 2000ms};
  config.group = &group;
  return config;
}

/// Where files are written: the temp directory, and the log's own where there is a log file.
std::vector<std::string> written(const Options &options) {
  std::vector<std::string> folders{options.temp_dir};
  if (const std::string &file = options.access_log_file; !file.empty()) {
    auto slash = file.rfind('/');
    folders.push_back(slash == file.npos ? "." : file.substr(0, slash + 1));
  }
  return folders;
}
} // namespace

int serve(const Options &options) {
  set_notice_format(options.access_log == "json" && !::isatty(STDERR_FILENO) ? NoticeFormat::json
                                                                             : NoticeFormat::text);
  sys::Address public_address = sys::parse_address(options.listen, "--listen");
  sys::Address admin_address = sys::parse_address(options.admin_listen, "--admin-listen");
  unsigned threads = std::min(options.threads ? options.threads : usable_cpus(), kMostThreads);
  std::size_t most = connection_cap(options, threads);

  auto listeners = listen_on(public_address, threads);
  auto admin_listener = std::move(listen_on(admin_address, 1).front());

  Status status(threads);
  Lifecycle lifecycle(options, status);
  Application application(options, status);
  std::vector<std::unique_ptr<Handler>> handlers;
  std::vector<std::unique_ptr<Loop>> loops;
  LoopGroup group{.max_connections = most}, admin_group{.max_connections = kAdminConnections};
  for (unsigned n = 0; n < threads; ++n) {
    handlers.push_back(application.public_handler());
    loops.push_back(std::make_unique<Loop>(std::move(listeners[n]), loop_config(options, group),
                                           *handlers.back(), status.loop(n)));
  }
  handlers.push_back(application.admin_handler());
  auto admin = std::make_unique<Loop>(std::move(admin_listener), loop_config(options, admin_group),
                                      *handlers.back(), status.loop(threads));

  if (options.sandbox) {
    Sandbox sandbox = lock_in(written(options));
    bool whole = sandbox.seccomp == "on" && sandbox.landlock.starts_with("ABI");
    notice(whole ? Level::info : Level::warning,
           whole ? "locked in" : "sandbox only partly available on this kernel; serving continues",
           {{"seccomp", sandbox.seccomp}, {"landlock", sandbox.landlock}});
  }
  application.start();
  lifecycle.start(std::move(loops), std::move(admin));
  std::string text = sys::to_text(public_address), admin_text = sys::to_text(admin_address);
  notice(Level::info, fmt::format("listening on http://{}, admin on http://{}", text, admin_text),
         {{"listen", text},
          {"admin_listen", admin_text},
          {"threads", std::to_string(threads)},
          {"max_connections", std::to_string(most)}});
  int code = lifecycle.wait();
  application.stop();
  return code;
}

} // namespace hello::server
