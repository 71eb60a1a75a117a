#include <algorithm>

#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/view/findings.h"
#include "cli/view/output.h"
#include "cli/view/table.h"

namespace hello::cli {
namespace {

Exit show_rules() {
  constexpr Column columns[] = {{"", 16}, {""}};
  std::string out;
  for (const manifest::LintRule &rule : manifest::lint_rules())
    out += row(columns, {rule.name, rule.why}) + "\n";
  print(out);
  return Exit::ok;
}

bool has_error(const std::vector<manifest::Finding> &findings) {
  return std::any_of(findings.begin(), findings.end(), [](const manifest::Finding &finding) {
    return finding.severity == manifest::Severity::error;
  });
}

} // namespace

Exit run(const LintOptions &options) {
  if (options.rules) return show_rules();
  const config::Config config = options.config.load();
  const auto findings = manifest::lint(manifest::render_all(config), config, options.allow);
  if (options.format == Format::json)
    print(manifest::to_json(findings));
  else
    for (const manifest::Finding &finding : findings) print(line_of(finding) + "\n");
  return has_error(findings) ? Exit::no : Exit::ok;
}

std::string line_of(const manifest::Finding &finding) {
  return fmt::format("{}: {}: {} [{}]", manifest::word(finding.severity), finding.object,
                     finding.what, finding.rule);
}

void stop_at_errors(std::span<const manifest::Object> objects, const config::Config &config,
                    const std::vector<std::string> &allow) {
  std::string errors;
  for (const manifest::Finding &finding : manifest::lint(objects, config, allow)) {
    if (finding.severity == manifest::Severity::warning)
      say(line_of(finding));
    else
      errors += "\n  " + line_of(finding);
  }
  if (!errors.empty())
    throw Error(
        Exit::invalid, "the manifests break rules that stop a deploy:" + errors,
        "mend them, or write down that it is meant: --allow RULE, or lint: {allow: [RULE]}");
}

void declare(const Command &command, LintOptions &options) {
  options.config.add_to(command);
  command.list("--allow", options.allow, {"A rule that may be broken; may be given again", "RULE"});
  command.choice("-o,--output", options.format, {"text", "json"}, {"How to print the findings"});
  command.flag("--rules", options.rules, "List the rules and what each is for");
}

} // namespace hello::cli
