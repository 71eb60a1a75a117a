#include <algorithm>
#include <cstring>
#include <ctime>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hello/error.h"
#include "hello/notice.h"
#include "hello/server.h"
#include "server/engine/listener.h"
#include "server/process/application.h"
#include "server/process/cpus.h"
#include "server/process/drill_port.h"
#include "server/process/kept_drill.h"
#include "server/process/lifecycle.h"
#include "server/process/memory.h"
#include "server/process/sandbox.h"
#include "server/site/metrics.h"

namespace hello::server {

using namespace std::chrono_literals;

namespace {
constexpr std::size_t kReservedDescriptors = 64; ///< not available to public connections
constexpr std::size_t kAdminConnections = 32;    ///< out of the reserved ones
constexpr unsigned kMaxThreads = 1024;
/// For files to be written and closed at the end.
constexpr std::chrono::milliseconds kFilesEnd = 1000ms;
constexpr std::chrono::milliseconds kFilesEndAtOnce =
    300ms; ///< after SIGINT, SIGQUIT or a second signal
/// A probe must not wait: at the cap, a connection without a complete request goes at once.
constexpr Admission kAdminAdmission{.grace = 20ms, .least_grace = 0ms};

/// Raises the soft limit of descriptors to the hard one and returns it.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  const rlim_t max = std::min<rlim_t>(limit.rlim_max, 1 << 20);
  if (limit.rlim_cur < max) {
    rlimit raised{max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit.rlim_cur = max;
  }
  return std::min<rlim_t>(limit.rlim_cur, 1 << 20);
}

/// The share of the memory limit that clients may cause; the rest is for hello itself.
std::size_t budget_bytes(const Options &options) {
  const std::size_t limit =
      options.memory_limit_bytes ? options.memory_limit_bytes : memory_limit_bytes();
  return limit / 10 * 6;
}

/// By default, idle connections may take a quarter of the budget.
std::size_t connection_limit(const Options &options, unsigned threads, std::size_t budget) {
  const std::size_t limit = raise_descriptor_limit();
  std::size_t own = kReservedDescriptors;
  own += 3 * threads; // each loop has an epoll, an eventfd and a listener
  own += std::max<std::size_t>(open_descriptors(), 3) - 3; // inherited from the parent
  if (limit <= own)
    throw Error(Exit::failure,
                fmt::format("the limit of {} descriptors is too low for {} loops", limit, threads),
                "raise it (ulimit -n), or use fewer --threads");
  const std::size_t max = limit - own;
  if (options.max_connections > max)
    notice(Level::warning, Event::option,
           fmt::format("{} is more than the descriptor limit allows",
                       holder(options, "--max-connections")),
           {{"max_connections", std::to_string(max)}});
  const std::size_t affordable = std::max<std::size_t>(budget / 4 / kIdlePrice, 1);
  return std::min(options.max_connections ? options.max_connections : affordable, max);
}

LoopConfig loop_config(const Options &options, LoopGroup &group) {
  LoopConfig config;
  config.timeouts = {options.idle_timeout,
                     options.idle_timeout,
                     options.header_timeout,
                     options.body_timeout,
                     options.write_timeout,
                     0ms,
                     2000ms};
  config.group = &group;
  return config;
}

/// The folders in which the service writes: those of its log files, if any, and that of drills.
std::vector<std::string> writable_folders(const Options &options) {
  std::vector<std::string> folders;
  if (options.allow_drills) folders.push_back(options.temp_dir);
  const auto add_folder_of = [&folders](const std::string &file) {
    const auto slash = file.rfind('/');
    if (!file.empty()) folders.push_back(slash == file.npos ? "." : file.substr(0, slash + 1));
  };
  if (options.access_log != "off") add_folder_of(options.access_log_file);
  add_folder_of(options.stderr_file);
  return folders;
}

void report(const Sandbox &sandbox, Status &status) {
  status.set_sandbox(sandbox.has_seccomp(), sandbox.has_landlock());
  const bool complete = sandbox.has_seccomp() && sandbox.has_landlock();
  notice(complete ? Level::info : Level::warning, Event::sandbox,
         complete ? "locked in" : "sandbox only partly available on this kernel; serving continues",
         {{"seccomp", sandbox.seccomp}, {"landlock", sandbox.landlock}});
}
} // namespace

std::string_view holder(const Options &options, std::string_view flag) {
  for (const auto &[name, variable] : options.variables)
    if (name == flag) return variable;
  return flag;
}

int serve(const Options &options) {
  set_notice_format(log_format(options.log_format, STDERR_FILENO));
  if (!options.stderr_file.empty())
    set_notice_file(options.stderr_file, holder(options, "--stderr-file"));
  for (const std::string &warning : options.warnings)
    notice(Level::warning, Event::option, warning);
  if (options.allow_drills) fail_start(options.temp_dir, std::time(nullptr));
  sys::Address public_address = listen_address(options.listen, holder(options, "--listen"));
  sys::Address admin_address =
      listen_address(options.admin_listen, holder(options, "--admin-listen"));
  if (sys::to_text(public_address) == sys::to_text(admin_address) && public_address.port() != 0)
    throw Error(Exit::usage,
                fmt::format("{} and {} are both {}: they must differ", holder(options, "--listen"),
                            holder(options, "--admin-listen"), sys::to_text(admin_address)),
                "leave out --admin-listen to use :8081");
  unsigned threads = std::min(options.threads ? options.threads : usable_cpus(), kMaxThreads);
  Budget budget(budget_bytes(options));
  const std::size_t max_connections = connection_limit(options, threads, budget.limit_bytes());
  threads = static_cast<unsigned>(std::min<std::size_t>(threads, max_connections));

  auto listeners = listen_on(public_address, threads);
  auto admin_listener = std::move(listen_on(admin_address, 1).front());
  defer_accept(admin_listener.get()); // connections that send nothing take no place

  Status status(threads);
  Lifecycle lifecycle(options, status);
  Application application(options, status, budget);
  std::vector<std::unique_ptr<Handler>> handlers;
  std::vector<std::unique_ptr<Loop>> loops;
  LoopGroup group{.max_connections = max_connections, .budget = &budget};
  LoopGroup admin_group{
      .max_connections = kAdminConnections, .budget = &budget, .admission = kAdminAdmission};
  for (unsigned n = 0; n < threads; ++n) {
    handlers.push_back(application.public_handler());
    loops.push_back(std::make_unique<Loop>(std::move(listeners[n]), loop_config(options, group),
                                           *handlers.back(), status.loop(n)));
  }
  handlers.push_back(application.admin_handler());
  auto admin = std::make_unique<Loop>(std::move(admin_listener), loop_config(options, admin_group),
                                      *handlers.back(), status.loop(threads));

  std::unique_ptr<DrillPort> drill_port;
  if (options.allow_drills) drill_port = std::make_unique<DrillPort>(options, status, budget);
  if (options.sandbox) report(enter_sandbox(writable_folders(options)), status);
  application.start(&group);
  lifecycle.start(std::move(loops), std::move(admin));
  std::string text = sys::to_text(public_address), admin_text = sys::to_text(admin_address);
  notice(Level::info, Event::started,
         fmt::format("listening on http://{}, admin on http://{}", text, admin_text),
         {{"listen", text},
          {"admin_listen", admin_text},
          {"threads", std::to_string(threads)},
          {"max_connections", std::to_string(max_connections)},
          {"memory_budget_bytes", std::to_string(budget.limit_bytes())}});
  if (drill_port) drill_port->start();
  int code = lifecycle.wait([&](int signal) { application.refresh(signal); });
  application.stop(code == 0 ? kFilesEnd : kFilesEndAtOnce);
  return code;
}

} // namespace hello::server
