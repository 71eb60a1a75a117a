#pragma once
#include <span>
#include <string_view>

namespace hello {

/// A file of the source tree, compiled in by cmake/embed.cmake.
struct EmbeddedFile {
  std::string_view name;  ///< "templates/deployment.yaml", "assets/page.html"
  std::string_view bytes; ///< followed by a NUL that is not counted
};

/// All of them, sorted by name; static storage.
std::span<const EmbeddedFile> embedded_files();

/// The bytes of the one called `name`. Throws std::logic_error if there is none: a mistake of ours,
/// not of a user.
std::string_view embedded(std::string_view name);

} // namespace hello
