#pragma once
#include <memory>
#include <vector>

#include "hello/server.h"
#include "server/engine/handler.h"
#include "server/engine/stats.h"
#include "server/engine/status.h"
#include "server/http/forwarded.h"
#include "server/log/access_log.h"
#include "server/process/temp_check.h"
#include "server/site/echo.h"
#include "server/site/messages.h"
#include "server/site/metrics.h"

namespace hello::server {

/// Everything that the handlers of all loops share. Constructed on the main thread, before the
/// sandbox and before any other thread, so that it can open files; outlives the loops.
class Application {
public:
  /// Throws Error for an invalid option, and for a file that cannot be opened within
  /// sys::kFileTimeout. `status` and `budget` are borrowed.
  Application(const Options &options, Status &status, Budget &budget);

  /// Makes the handler of one public loop. Make all of them before the first loop runs.
  std::unique_ptr<Handler> public_handler();
  std::unique_ptr<Handler> admin_handler();

  /// Starts the threads that work on files. Call it in the sandbox, which they inherit, and before
  /// the loops run. `readers`, borrowed, send the page.
  void start(LoopGroup *readers = nullptr);
  /// Writes buffered log lines and ends the threads. Call it after the last loop has ended. A
  /// thread whose file system does not answer within `time` is left behind.
  void stop(std::chrono::milliseconds time) noexcept;
  /// SIGHUP: reads the messages file again and opens the log file again; SIGUSR1: the latter alone.
  void refresh(int signal);

private:
  RequestStats &add_stats();

  const Status &status_;
  const std::string base_path_, pod_, release_;
  TrustedProxies trusted_;
  EchoSource echo_;
  const bool has_echo_;
  const Faults *faults_; ///< nullptr: there are no drills
  Messages messages_;
  LogFormat format_;
  std::unique_ptr<LogSink> sink_;         ///< nullptr: no access log
  std::shared_ptr<TempCheck> temp_check_; ///< nullptr: nothing is written in the temp directory
  std::vector<std::unique_ptr<RequestStats>> stats_; ///< one for each handler
  MetricsSources sources_;
};

} // namespace hello::server
