#include <algorithm>

#include "cli/commands/commands.h"
#include "cli/options/line.h"
#include "cli/options/release_set.h"
#include "cli/view/findings.h"
#include "cli/view/output.h"
#include "cli/view/table.h"
#include "hello/json.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

Exit show_rules(Format format) {
  if (format != Format::text) {
    std::string json;
    json::Writer writer(json);
    writer.begin_array();
    for (const manifest::LintRule &rule : manifest::lint_rules())
      writer.begin_object().key("rule").string(rule.name).key("why").string(rule.why).end_object();
    writer.end_array();
    print_document(json + "\n", format);
    return Exit::ok;
  }
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

std::string serve_mistake(const std::vector<std::string> &words) {
  CommandRow top;
  server::Options options;
  declare(Command(top).subcommand("serve", ""), options);
  try {
    const Line line = read_line(top, "hello", words);
    if (line.help) return "--help prints the help and ends";
    for (const Given &given : line.options)
      if (given.value && given.row->take)
        if (const std::string wrong = given.row->take(*given.value); !wrong.empty())
          return given.name + ": " + wrong;
  } catch (const Error &error) {
    const std::string_view what = error.what();
    return std::string(what.substr(0, what.find('\n')));
  }
  return "";
}

Exit run(const LintOptions &options) {
  if (options.rules) return show_rules(options.format);
  const config::Config config = options.config.load();
  mask_secrets(config);
  const std::vector<manifest::Object> objects = rendered(config);
  const auto findings = manifest::lint(objects, config, options.allow, serve_mistake);
  if (const auto others = manifest::unchecked(objects); !others.empty())
    options.config.console.note("note: structure not checked: " + text::join(others, ", "));
  if (options.format != Format::text)
    print_document(manifest::to_json(findings), options.format);
  else
    for (const manifest::Finding &finding : findings) print(line_of(finding) + "\n");
  return has_error(findings) ? Exit::no : Exit::ok;
}

void declare(const Command &command, LintOptions &options) {
  command.flag("--rules", options.rules, "list the rules and what each is for");
  OptionSpec rule{"lint rule that may be broken", "RULE"};
  rule.completes = Completes::rule;
  command.list("--allow", options.allow, rule);
  options.config.add_to(command, {.image = true});
  add_format(command, options.format, "text|json|yaml");
  command.example("hello lint --context prod", "check what a deploy there would apply");
  command.example("hello lint --rules", "list the rules");
}

} // namespace hello::cli
