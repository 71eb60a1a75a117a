#pragma once
#include <cstddef>
#include <string>
#include <string_view>

/// Bytes of others, made harmless for where they are shown. Invalid UTF-8 comes out as U+FFFD, once
/// a broken sequence.
namespace hello::server {

/// Length of the valid UTF-8 sequence that `text` begins with (1 to 4), or 0. Source: RFC 3629
/// section 4.
std::size_t utf8_length(std::string_view text);

/// Position of the first byte that is no valid UTF-8, else npos.
std::size_t utf8_error(std::string_view text);

/// The inside of a JSON string (RFC 8259 section 7). C0, DEL, C1, U+2028 and U+2029 are written as
/// \uXXXX, so that what comes out is one line for every reader and shows nothing to a terminal that
/// it would obey.
void append_json(std::string &out, std::string_view text);

/// Text or a quoted attribute's value.
void append_html(std::string &out, std::string_view text);

/// One blank-free word of a text log line: as it is where it is plain ASCII without quotes, else a
/// JSON string.
void append_word(std::string &out, std::string_view text);

} // namespace hello::server
