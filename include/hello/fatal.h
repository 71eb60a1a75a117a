#pragma once

namespace hello {

/// Writes the line about an error that ends the process where nothing can be thrown. Null: as all
/// commands do, "hello: WHY" on stderr. Set it before other threads start.
using WriteFatal = void (*)(const char *why) noexcept;
inline WriteFatal write_fatal = nullptr;

} // namespace hello
