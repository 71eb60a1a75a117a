#pragma once
#include <memory>

#include "server/engine/handler.h"
#include "server/engine/stats.h"
#include "server/http/forwarded.h"
#include "server/log/access_log.h"
#include "server/site/messages.h"

namespace hello::server {

/// Makes the handler of one public loop: GET / from responses made in advance, all else on the
/// slow path. The borrowed arguments outlive it.
std::unique_ptr<Handler> make_public_handler(const Messages &messages,
                                             const TrustedProxies &trusted, RequestStats &stats,
                                             AccessLog log);

} // namespace hello::server
