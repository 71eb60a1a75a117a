#include "cli/view/findings.h"

#include <fmt/core.h>

#include "cli/view/counted.h"
#include "cli/view/output.h"
#include "hello/error.h"

namespace hello::cli {

namespace {
std::string about(const manifest::Finding &finding) {
  return fmt::format("{}: {} [{}]", finding.object, finding.what, finding.rule);
}
} // namespace

std::string line_of(const manifest::Finding &finding) {
  return shown(fmt::format("{}: {}", manifest::word(finding.severity), about(finding)));
}

void warn_of_api(std::span<const manifest::Object> objects, const config::Config &config) {
  for (const manifest::Finding &finding : manifest::check_api(objects, config))
    say("warning: " + about(finding));
}

std::string stop_at_errors(std::span<const manifest::Object> objects, const config::Config &config,
                           const std::vector<std::string> &allow, manifest::ArgumentParser parser) {
  std::string errors, last;
  std::size_t images = 0;
  for (const manifest::Finding &finding : manifest::lint(objects, config, allow, parser)) {
    if (finding.rule == manifest::kApiRule)
      say("warning: " + about(finding));
    else if (finding.severity == manifest::Severity::error)
      errors += "\n  " + line_of(finding);
    else if (finding.rule != "image")
      say(line_of(finding));
    else if (images++ == 0)
      last = line_of(finding);
  }
  if (images > 1) last += fmt::format("; {} more, see 'hello lint'", counted(images - 1, "image"));
  if (!errors.empty())
    throw Error(
        Exit::invalid, "the manifests break lint rules:" + errors,
        "fix them, or allow a rule with --allow RULE, or lint: {allow: [RULE]} in hello.yaml");
  return last;
}

} // namespace hello::cli
