#pragma once
#include <memory>
#include <vector>

#include "hello/server.h"
#include "server/engine/handler.h"
#include "server/engine/stats.h"
#include "server/engine/status.h"
#include "server/http/forwarded.h"
#include "server/log/access_log.h"
#include "server/site/messages.h"
#include "server/site/metrics.h"

namespace hello::server {

/// Everything that the handlers of all loops share. Made on the main thread before the sandbox and
/// before any other thread, so that files are opened here; outlives the loops.
class Application {
public:
  /// Throws Error(Exit::usage) for an invalid option. `status` is borrowed.
  Application(const Options &options, const Status &status);

  /// Makes the handler of one public loop. They are all made before the first loop runs.
  std::unique_ptr<Handler> public_handler();
  std::unique_ptr<Handler> admin_handler();

  /// Starts own threads: after the sandbox, which they inherit, and before the loops.
  void start();
  /// Writes what is still buffered and ends the threads: after the last loop.
  void stop() noexcept;

private:
  RequestStats &add_stats();

  const Status &status_;
  LogFormat format_;
  TrustedProxies trusted_;
  Messages messages_;
  std::unique_ptr<LogSink> sink_;                    ///< nullptr: no access log
  std::vector<std::unique_ptr<RequestStats>> stats_; ///< one for each handler
  MetricsSources sources_;
};

} // namespace hello::server
