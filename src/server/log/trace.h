#pragma once
#include <string_view>

namespace hello::server {

/// The trace id (32 hex digits, not all zero) of a `traceparent` field, or empty where the field is
/// not well-formed. Source: W3C Trace Context, section 3.2; later versions than 00 may have more
/// after the flags.
std::string_view trace_id(std::string_view traceparent);

/// `value` if it is fit to be logged as a request's id: 1 to 128 letters, digits and "-_.:/+=@";
/// else empty.
std::string_view request_id(std::string_view value);

} // namespace hello::server
