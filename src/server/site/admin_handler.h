#pragma once
#include <memory>

#include "server/engine/handler.h"
#include "server/engine/stats.h"
#include "server/engine/status.h"
#include "server/site/metrics.h"

namespace hello::server {

/// Makes the handler of the admin loop: probes, metrics, version, and the live page on "/". The
/// references are borrowed.
std::unique_ptr<Handler> make_admin_handler(const Status &status, RequestStats &stats,
                                            const MetricsSources &metrics);

} // namespace hello::server
