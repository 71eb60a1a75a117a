#pragma once
#include <chrono>
#include <string>

#include "hello/http_client.h"

namespace hello::sys {

enum class Certificate { checked, ignored };

/// http_get() of the JSON page of `url`, at `address` (an IP address or a name) instead of the
/// URL's host; https:// by curl. Status -1: it was not asked, and `body` says why.
HttpReply http_get_at(const std::string &url, const std::string &address,
                      std::chrono::milliseconds timeout, Certificate certificate);

inline HttpReply http_get_at(const std::string &url, const std::string &address,
                             std::chrono::milliseconds timeout) {
  return http_get_at(url, address, timeout, Certificate::checked);
}

/// A GET with one more header, "Name: value" or empty; https:// by curl, which reads the header
/// from its standard input, where no other process sees it. At most 8 MiB of the body. Status -1:
/// it was not asked.
HttpReply http_get_with(const std::string &url, const std::string &header,
                        std::chrono::milliseconds timeout);

} // namespace hello::sys
