#pragma once
#include <span>
#include <string>
#include <string_view>

#include "hello/manifest.h"

namespace hello::cli {

/// Writes each object to a file of its own in `directory` (made where there is none), each
/// beginning with `head`, one comment line. All is written aside first, so that a full disk or a
/// missing right leaves what was there; then the new files take their places, and those that an
/// earlier run made and this one doesn't go. Other files stay. Throws Error(Exit::failure).
void split(std::span<const manifest::Object> objects, const std::string &directory,
           std::string_view head);

} // namespace hello::cli
