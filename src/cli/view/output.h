#pragma once
#include <string_view>

namespace hello::cli {

/// What a command prints: text for people, or JSON for programs.
enum class Format { text, json };

/// Writes all of the data to stdout. A closed pipe is no error. Throws Error(Exit::failure) if
/// stdout is closed or full.
void print(std::string_view bytes);

/// A line "hello: …" on stderr.
void say(std::string_view line);

/// Opens /dev/null on closed descriptors from 0 to 2, so that no file opened later becomes stdout.
/// A closed stdout still cannot be written.
void guard_descriptors();

} // namespace hello::cli
