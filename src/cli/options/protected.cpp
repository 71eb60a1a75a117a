#include "cli/options/protected.h"

#include <fmt/core.h>

#include "hello/drill_release.h"
#include "hello/error.h"
#include "hello/yaml.h"

namespace hello::cli {

void check_context(const config::Config &config, const std::string &yes_really,
                   const std::string &context) {
  std::vector<std::string> words;
  for (const YAML::Node &word : config.node("drills.protectedContexts"))
    words.push_back(word.Scalar());
  if (!yes_really.empty() && yes_really != context)
    throw Error(Exit::usage,
                fmt::format("--yes-really names {}, and the context is {}", yes_really, context));
  if (yes_really.empty() && drills::is_protected(context, words))
    throw Error(Exit::usage,
                fmt::format("context {} is protected by drills.protectedContexts", context),
                fmt::format("if a drill may be there: --yes-really {}", context));
}

} // namespace hello::cli
