#pragma once
#include <string>
#include <string_view>

#include "server/http/http.h"

/// Answers that say no: a small page to a browser, RFC 9457 problem+json to everyone else.
namespace hello::server {

/// "Not Found"; "Error" for a status that we never send.
std::string_view status_title(int status);

/// `accept` as negotiate() takes it. `detail` is a sentence for people.
Reply problem(int status, std::string_view detail, std::string_view accept);

/// What an address that can only be read says to any other method: 204 to OPTIONS, else 405; both
/// with Allow.
Reply read_only(std::string_view method, std::string_view accept);

/// The whole response to what was no request; closes. `date`: as Date wants it.
void append_refusal(std::string &out, int status, std::string_view reason, bool head,
                    std::string_view date);

/// kSafetyHeaders and `policy`, for a Reply.
void add_safety(Reply &reply, std::string_view policy);

/// For what is no page: nothing may be loaded, nobody may frame it.
inline constexpr std::string_view kNoPagePolicy = "default-src 'none'; frame-ancestors 'none'";

} // namespace hello::server
