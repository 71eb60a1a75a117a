#pragma once
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "hello/http_get_at.h"

namespace hello::sys {

/// A request with headers of its own.
struct HttpRequest {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string json;                  ///< the body of a POST; empty: it is a GET
  std::size_t body_bytes = 64 << 10; ///< of the reply
};

/// Sends it once, as http_get() does. A header Host replaces the URL's. `kept` gets whether the
/// connection then takes a GET; null: that is not tried.
HttpReply http_send(const std::string &url, const HttpRequest &request,
                    std::chrono::milliseconds timeout, bool *kept);
HttpReply http_send(const std::string &url, const HttpRequest &request,
                    std::chrono::milliseconds timeout);

/// The same at `address`, as http_get_at(); https:// by curl, which leaves `kept` as it is.
HttpReply http_send_at(const std::string &url, const std::string &address, Certificate certificate,
                       const HttpRequest &request, bool *kept);

} // namespace hello::sys
