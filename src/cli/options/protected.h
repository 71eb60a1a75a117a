#pragma once
#include <string>

#include "hello/config.h"

namespace hello::cli {

/// Throws Error(Exit::usage) if drills.protectedContexts protects the context, unless --yes-really
/// names it.
void check_context(const config::Config &config, const std::string &yes_really,
                   const std::string &context);

} // namespace hello::cli
