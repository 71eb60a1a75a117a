#include "hello/lint.h"

#include <algorithm>

#include <fmt/core.h>

#include "hello/error.h"
#include "hello/kinds.h"
#include "hello/mask.h"
#include "hello/order.h"
#include "hello/text.h"
#include "manifest/lint/rules.h"

namespace hello::manifest {
namespace {

std::string label(const Object &object) { return object.kind + "/" + object.name; }

/// The pod template, or what stands for one.
YAML::Node template_of(const Object &object) {
  if (object.kind == "Pod") return object.node;
  if (object.kind == "CronJob") return at(object.node, "spec", "jobTemplate", "spec", "template");
  return at(object.node, "spec", "template");
}

void add_workloads(Lint &lint) {
  for (const Object &object : lint.objects) {
    if (!kinds::is(object.kind, kinds::Kind::has_pods)) continue;
    const YAML::Node pod = template_of(object);
    const bool serves = object.kind != "Job" && object.kind != "CronJob" && object.kind != "Pod";
    lint.workloads.push_back({&object, at(pod, "metadata", "labels"), at(pod, "spec"), serves});
  }
  for (const Workload &work : lint.workloads)
    for (const char *list : {"containers", "initContainers"})
      for (const YAML::Node &node : items(at(work.spec, list)))
        lint.containers.push_back(
            {&work, node, text(node, "name"), list == std::string_view("initContainers")});
}

/// What may be broken in writing.
class Allowed {
public:
  /// `object`: the only one for which it holds; empty: all. Throws Error(Exit::invalid) for a name
  /// that is no rule; `place` says who named it.
  void add(const std::string &place, const std::string &object, std::string_view rule) {
    if (std::none_of(rules_.begin(), rules_.end(),
                     [&](const LintRule &row) { return row.name == rule; }))
      throw Error(Exit::invalid, fmt::format("{}: unknown rule '{}'", place, rule),
                  "run 'hello lint --rules' to list them");
    all_.push_back({object, std::string(rule)});
  }

  bool has(const Finding &finding) const {
    return std::any_of(all_.begin(), all_.end(), [&](const Entry &one) {
      return one.rule == finding.rule && (one.object.empty() || one.object == finding.object);
    });
  }

private:
  struct Entry {
    std::string object, rule;
  };
  std::vector<LintRule> rules_ = lint_rules();
  std::vector<Entry> all_;
};

void add_findings(Lint &lint, Severity severity, const Object &object, const std::string &what) {
  lint.findings.push_back(
      {lint.rule, severity, label(object), text::abridged(mask::applied(what))});
}

/// Where an error of another rule says what is wrong with a pod, its admission need not.
void drop_repeated(std::vector<Finding> &findings) {
  const auto rules = pod_security_rules();
  const std::vector<Finding> all = findings;
  std::erase_if(findings, [&](const Finding &one) {
    return one.rule == kAdmissionRule &&
           std::any_of(all.begin(), all.end(), [&](const Finding &other) {
             return other.object == one.object && other.severity == Severity::error &&
                    std::any_of(rules.begin(), rules.end(),
                                [&](const LintRule &rule) { return rule.name == other.rule; });
           });
  });
}

std::string about(const Container &container, const std::string &what) {
  return fmt::format("container {}: {}", container.name, what);
}

} // namespace

std::vector<LintRule> lint_rules() {
  std::vector<LintRule> all;
  for (const auto rules :
       {pod_security_rules(), admission_rules(), running_rules(), argument_rules(), link_rules(),
        network_rules(), scale_rules(), regret_rules(), api_rules()})
    all.insert(all.end(), rules.begin(), rules.end());
  return all;
}

std::string_view word(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

std::string to_json(std::span<const Finding> findings) {
  YAML::Node list(YAML::NodeType::Sequence);
  for (const Finding &finding : findings) {
    YAML::Node item;
    item["severity"] = yaml::string(word(finding.severity));
    item["rule"] = yaml::string(finding.rule);
    item["object"] = yaml::string(finding.object);
    item["what"] = yaml::string(finding.what);
    list.push_back(item);
  }
  return yaml::to_json(list, 2) + "\n";
}

void Lint::error(const Object &object, const std::string &what) {
  add_findings(*this, Severity::error, object, what);
}
void Lint::warning(const Object &object, const std::string &what) {
  add_findings(*this, Severity::warning, object, what);
}
void Lint::error(const Container &container, const std::string &what) {
  error(*container.work->object, about(container, what));
}
void Lint::warning(const Container &container, const std::string &what) {
  warning(*container.work->object, about(container, what));
}

const Object *Lint::find(std::string_view kind, std::string_view name) const {
  for (const Object &object : objects)
    if (object.kind == kind && object.name == name) return &object;
  return nullptr;
}

std::vector<const Object *> Lint::all(std::string_view kind) const {
  std::vector<const Object *> found;
  for (const Object &object : objects)
    if (object.kind == kind) found.push_back(&object);
  return found;
}

bool selects(const YAML::Node &wanted, const YAML::Node &labels) {
  if (!wanted.IsDefined() || !wanted.IsMap()) return true;
  for (const auto &entry : wanted) {
    const YAML::Node label = at(labels, entry.first.Scalar().c_str());
    if (!label.IsDefined() || text(label) != text(entry.second)) return false;
  }
  return true;
}

std::vector<Finding> lint(std::span<const Object> objects, const config::Config &config,
                          const std::vector<std::string> &allow, ArgumentParser parser) {
  return lint_with(lint_rules(), objects, config, allow, parser);
}

std::vector<Finding> lint_with(std::span<const LintRule> rules, std::span<const Object> objects,
                               const config::Config &config, const std::vector<std::string> &allow,
                               ArgumentParser parser) {
  std::vector<Object> named(objects.begin(), objects.end());
  for (Object &object : named) // no rule is about them
    if (kinds::is_namesake(object.api_version, object.kind))
      object.kind += fmt::format(".{}", kinds::group(object.api_version));
  Allowed allowed;
  for (const std::string &rule : allow) allowed.add("--allow", "", rule);
  for (const YAML::Node &rule : config.node("lint.allow"))
    allowed.add(config.place("lint.allow"), "", text(rule));
  for (const Object &object : named) {
    const std::string names = text(object.node, "metadata", "annotations", "hello/lint-allow");
    for (const std::string_view name : text::words(names))
      allowed.add(label(object) + ": hello/lint-allow", label(object), name);
  }

  Lint run{named, config};
  run.parser = parser;
  add_workloads(run);
  for (const LintRule &rule : rules) {
    run.rule = rule.name;
    rule.check(run);
  }
  std::erase_if(run.findings, [&](const Finding &finding) { return allowed.has(finding); });
  drop_repeated(run.findings);
  sort_items(run.findings,
             [](const Finding &a, const Finding &b) { return a.severity > b.severity; });
  return run.findings;
}

} // namespace hello::manifest
