#pragma once
#include <memory>

#include "server/access_log.h"
#include "server/forwarded.h"
#include "server/handler.h"
#include "server/messages.h"
#include "server/stats.h"

namespace hello::server {

/// The handler of one public loop: GET / from bytes made beforehand, all else by the cold path. Everything that is
/// borrowed outlives it.
std::unique_ptr<Handler> make_public_handler(const Messages &messages, const TrustedProxies &trusted,
                                             RequestStats &stats, AccessLog log);

} // namespace hello::server
