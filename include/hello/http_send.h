#pragma once
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "hello/http_client.h"

namespace hello::sys {

/// A request with headers of its own.
struct HttpRequest {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string json;                  ///< the body of a POST; empty: it is a GET
  std::size_t body_bytes = 64 << 10; ///< of the reply
};

/// Sends it once, as http_get() does.
HttpReply http_send(const std::string &url, const HttpRequest &request,
                    std::chrono::milliseconds timeout);

} // namespace hello::sys
