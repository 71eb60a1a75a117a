#pragma once
#include <string_view>

namespace hello::server {

/// Returns the trace id (32 hex digits, not all zero) of a `traceparent` field, or "" if the field
/// is malformed. Source: W3C Trace Context, section 3.2; versions after 00 may append to the
/// flags.
std::string_view trace_id(std::string_view traceparent);

/// Returns `value` if it is a request id that may be logged and returned (1 to 128 letters, digits
/// and
/// "-_.:/+=@"), else "".
std::string_view request_id(std::string_view value);

} // namespace hello::server
