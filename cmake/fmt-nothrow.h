#pragma once
// Before each file of ours in the image's executable: formats are checked by ./dev build, and want
// of memory ends the process (src/base/fatal.cpp), so formatting throws nothing, and who formats
// needs no clean-up code around it.
#define FMT_API __attribute__((nothrow))
#include <fmt/core.h>
#undef FMT_API
#define FMT_API
