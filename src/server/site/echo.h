#pragma once
#include <string>
#include <string_view>

#include "server/http/forwarded.h"
#include "server/http/request.h"
#include "server/http/response.h"

/// What `--echo` shows: each request as the service received it.
namespace hello::server {

/// What is the same for all requests. Borrowed.
struct EchoSource {
  std::string_view pod, node; ///< empty: unknown
  const TrustedProxies &trusted;
};

/// The most that an echo's body takes; headers beyond are left out.
inline constexpr std::size_t kEchoBytes = 32 << 10;

/// Whether the value of a header of this name may be a credential, so that it is not shown.
bool is_masked(std::string_view name);

/// The response of /echo. `forwarded`: the value of the trusted header; `request_id`: the client's
/// own, or empty.
Response echo(const Request &request, const EchoSource &source, std::string_view forwarded,
              std::string_view request_id);

} // namespace hello::server
