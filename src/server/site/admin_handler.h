#pragma once
#include <functional>
#include <memory>
#include <string>

#include "server/engine/stats.h"
#include "server/http/handler.h"
#include "server/site/status.h"

namespace hello::server {

/// The handler of the admin loop: probes, metrics, version, and the live page on `/`. `status` and
/// `stats` are borrowed; `metrics` renders them, as OpenMetrics where asked.
std::unique_ptr<Handler> make_admin_handler(const Status &status, RequestStats &stats,
                                            std::function<std::string(bool open_metrics)> metrics);

} // namespace hello::server
