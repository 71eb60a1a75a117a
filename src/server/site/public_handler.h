#pragma once
#include <memory>

#include "server/engine/stats.h"
#include "server/http/forwarded.h"
#include "server/http/handler.h"
#include "server/log/access_log.h"
#include "server/site/messages.h"

namespace hello::server {

/// The handler of one public loop: GET / from bytes made beforehand, all else by the cold path.
/// Everything that is borrowed outlives it.
std::unique_ptr<Handler> make_public_handler(const Messages &messages,
                                             const TrustedProxies &trusted, RequestStats &stats,
                                             AccessLog log);

} // namespace hello::server
