#pragma once
#include <string_view>

namespace hello::cli {

/// What a command prints: text for people, or JSON for programs.
enum class Format { text, json };

/// Writes data to stdout, all of it. A reader that left (a closed pipe) is no error. Throws
/// Error(Exit::failure) where stdout is closed or full.
void print(std::string_view bytes);

/// A line "hello: …" on stderr.
void say(std::string_view line);

/// Opens what is closed of descriptors 0 to 2, so that no file that is opened later becomes stdout.
/// A closed stdout stays one that cannot be written.
void guard_descriptors();

} // namespace hello::cli
