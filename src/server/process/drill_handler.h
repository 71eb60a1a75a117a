#pragma once
#include <memory>
#include <string>

#include "server/engine/handler.h"
#include "server/process/drill_runner.h"

namespace hello::server {

/// Makes the handler of the drill listener. Every request must come from this machine's programs
/// (no browser, a loopback Host) and have `key`. `runner` is borrowed.
///
/// - GET /drills: {"active":[{"fault","drill","left_ms"}]}
/// - POST /drills {"drill":"latency=200ms","for":"60s","repeat":2}: begins it, and answers as GET
/// - POST /drills/stop {"fault":"latency"}: ends it, or all with {}, and answers as GET
std::unique_ptr<Handler> make_drill_handler(DrillRunner &runner, std::string key);

} // namespace hello::server
