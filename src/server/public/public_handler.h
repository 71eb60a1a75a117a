#pragma once
#include <memory>

#include "server/engine/handler.h"
#include "server/engine/stats.h"
#include "server/http/forwarded.h"
#include "server/log/access_log.h"
#include "server/site/messages.h"

namespace hello::server {

/// Makes the handler of one public loop. It answers GET / with responses made in advance, and makes
/// all others when they are needed. The references are borrowed.
std::unique_ptr<Handler> make_public_handler(const Messages &messages,
                                             const TrustedProxies &trusted, RequestStats &stats,
                                             AccessLog log);

} // namespace hello::server
