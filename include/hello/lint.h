#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hello/manifest.h"

/// The built-in rules for a rendered set.
namespace hello::manifest {

/// An error stops a deploy; a warning is shown.
enum class Severity { warning, error };

/// One violation of a rule by one object.
struct Finding {
  std::string_view rule; ///< "read-only-root"
  Severity severity;
  std::string object; ///< "Deployment/hello"
  std::string what;   ///< "container hello: readOnlyRootFilesystem is not true"
};

struct Lint;

/// A rule of lint(), and why there is one. src/manifest/lint holds them, each file in a table.
struct LintRule {
  std::string_view name;
  std::string_view why;
  void (*check)(Lint &lint); ///< reports what it finds in the whole set
};
std::vector<LintRule> lint_rules();

/// What is wrong with the words behind `hello`; empty: nothing.
using ArgumentParser = std::string (*)(const std::vector<std::string> &words);

/// Checks a set, after its patches, against the rules. Errors come first, then in the order of the
/// rules. Left out is what `allow` and the setting lint.allow name, and for one object what its
/// annotation hello/lint-allow names ("RULE RULE …"). Throws Error(Exit::invalid) where one of
/// those is no rule. `parser` is that of `hello serve`.
std::vector<Finding> lint(std::span<const Object> objects, const config::Config &config,
                          const std::vector<std::string> &allow = {},
                          ArgumentParser parser = nullptr);

/// The rule of what the API server would refuse. Its own dry run decides before a deploy, which
/// this rule does not stop.
inline constexpr std::string_view kApiRule = "api";

/// The findings of that rule alone, of `objects` that are not yet linted.
std::vector<Finding> check_api(std::span<const Object> objects, const config::Config &config);

/// The objects whose structure is not known here, such as custom resources: "PodMonitor/hello".
std::vector<std::string> unchecked(std::span<const Object> objects);

/// "error", "warning"
std::string_view word(Severity severity);

/// An array of {severity, rule, object, what}.
std::string to_json(std::span<const Finding> findings);

} // namespace hello::manifest
