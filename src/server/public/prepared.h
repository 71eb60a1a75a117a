#pragma once
#include <string>
#include <string_view>

#include "server/http/response.h"
#include "server/log/access_log.h"

namespace hello::server {

/// Up to this size, a prepared response includes the body, so that one copy writes all of it.
inline constexpr std::size_t kInlineBytes = 16 * 1024;
/// Keeps the place of a request id in a prepared response.
inline constexpr std::string_view kAnyId = "0000000000000000";
static_assert(kAnyId.size() == AccessLog::kIdBytes);

/// A response made in advance, complete except for the Date, which changes once a second, and the
/// Connection field.
struct Prepared {
  std::string head;  ///< without the empty line
  std::string whole; ///< head, empty line and body; empty if the body is too long
  std::size_t date_at = 0;
  std::size_t id_at = 0; ///< of the request id in `whole`, if it has one

  /// `response.request_id` stands for the ids that the requests will have.
  void set(const Response &response, std::string_view body, std::string_view date) {
    head.clear();
    append_head(head, response, body.size(), date);
    date_at = head.find("\r\nDate: ") + sizeof("\r\nDate: ") - 1;
    whole.clear();
    if (body.size() <= kInlineBytes) {
      whole = head;
      end_head(whole, response.request_id, Persistence::implied);
      id_at = whole.size() - sizeof("\r\n\r\n") + 1 - response.request_id.size();
      whole += body;
    }
  }

  void set_date(std::string_view date) {
    head.replace(date_at, date.size(), date);
    if (!whole.empty()) whole.replace(date_at, date.size(), date);
  }
};

} // namespace hello::server
