#include "cli/view/findings.h"

#include <fmt/core.h>

#include "cli/view/output.h"
#include "hello/error.h"

namespace hello::cli {

namespace {
std::string about(const manifest::Finding &finding) {
  return fmt::format("{}: {} [{}]", finding.object, finding.what, finding.rule);
}
} // namespace

std::string line_of(const manifest::Finding &finding) {
  return fmt::format("{}: {}", manifest::word(finding.severity), about(finding));
}

void warn_of_api(std::span<const manifest::Object> objects, const config::Config &config) {
  for (const manifest::Finding &finding : manifest::check_api(objects, config))
    say("warning: " + about(finding));
}

void stop_at_errors(std::span<const manifest::Object> objects, const config::Config &config,
                    const std::vector<std::string> &allow) {
  std::string errors, last; // the digest is mentioned last: it is no mistake of this set
  for (const manifest::Finding &finding : manifest::lint(objects, config, allow)) {
    if (finding.rule == manifest::kApiRule)
      say("warning: " + about(finding));
    else if (finding.severity == manifest::Severity::error)
      errors += "\n  " + line_of(finding);
    else if (finding.rule == "image")
      last = line_of(finding);
    else
      say(line_of(finding));
  }
  if (!last.empty()) say(last);
  if (!errors.empty())
    throw Error(
        Exit::invalid, "the manifests break lint rules:" + errors,
        "fix them, or allow a rule with --allow RULE, or lint: {allow: [RULE]} in hello.yaml");
}

} // namespace hello::cli
