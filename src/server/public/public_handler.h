#pragma once
#include <memory>
#include <string>

#include "server/engine/faults.h"
#include "server/engine/handler.h"
#include "server/engine/stats.h"
#include "server/http/forwarded.h"
#include "server/log/access_log.h"
#include "server/site/echo.h"
#include "server/site/messages.h"

namespace hello::server {

/// What the handlers of all public loops share, borrowed.
struct PublicSite {
  const Messages &messages;
  const TrustedProxies &trusted;
  const std::string &base_path;     ///< where the page is: "/", or "/BASE/"
  const EchoSource *echo = nullptr; ///< nullptr: there is no /echo
  const Faults *faults = nullptr;   ///< nullptr: there are no drills
  bool hangs = false;               ///< this loop is the one that a drill stops
};

/// Makes the handler of one public loop. It answers requests for the page with responses made in
/// advance, and makes all others when they are needed. The references are borrowed.
std::unique_ptr<Handler> make_public_handler(const PublicSite &site, RequestStats &stats,
                                             AccessLog log);

} // namespace hello::server
