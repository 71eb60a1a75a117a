#pragma once
#include <string>
#include <vector>

#include "hello/lint.h"

namespace hello::cli {

/// Lints a rendered set before its deploy. Warnings go to stderr, except one: that of images
/// without a digest is returned, for the end of the command, because it is no mistake of this set.
/// Throws Error(Exit::invalid) with all errors, if there are any. `allow`: rules that may be broken
/// (--allow). `parser`: see manifest::lint().
std::string stop_at_errors(std::span<const manifest::Object> objects, const config::Config &config,
                           const std::vector<std::string> &allow, manifest::ArgumentParser parser);

/// "error: Deployment/hello: what is wrong [rule]"
std::string line_of(const manifest::Finding &finding);

/// Warns of what the API server would refuse.
void warn_of_api(std::span<const manifest::Object> objects, const config::Config &config);

} // namespace hello::cli
