#include <algorithm>
#include <strings.h>

#include <fmt/core.h>

#include "cli/commands/check_account.h"
#include "cli/commands/commands.h"
#include "cli/commands/deployer.h"
#include "cli/commands/split.h"
#include "cli/options/release_set.h"
#include "cli/view/counted.h"
#include "cli/view/findings.h"
#include "cli/view/output.h"
#include "hello/version.h"

namespace hello::cli {
namespace {

/// The objects that `only` names, as Kind/name or Kind, in the set's order.
std::vector<manifest::Object> chosen(const std::vector<manifest::Object> &all,
                                     const std::vector<std::string> &only) {
  auto matches = [](const manifest::Object &object, const std::string &wanted) {
    std::size_t slash = wanted.find('/');
    return strcasecmp(wanted.substr(0, slash).c_str(), object.kind.c_str()) == 0 &&
           (slash == wanted.npos || wanted.substr(slash + 1) == object.name);
  };
  for (const std::string &wanted : only) {
    if (std::any_of(all.begin(), all.end(),
                    [&](const auto &object) { return matches(object, wanted); }))
      continue;
    std::string there;
    for (const manifest::Object &object : all) there += " " + object.kind + "/" + object.name;
    throw Error(Exit::usage, fmt::format("--only '{}': the manifests have no such object", wanted),
                "they have" + there);
  }
  std::vector<manifest::Object> out;
  for (const manifest::Object &object : all)
    if (std::any_of(only.begin(), only.end(),
                    [&](const std::string &wanted) { return matches(object, wanted); }))
      out.push_back(object);
  return out;
}

/// Throws Error(Exit::usage) for options that do not go together.
void check_together(const RenderOptions &options) {
  if (!options.split.empty() && options.format == Format::json)
    throw Error(Exit::usage, "--split writes YAML files, so it cannot be combined with -o json",
                "leave one of them out");
  if (options.split == "-")
    throw Error(Exit::usage, "--split takes a directory, not stdout (-)",
                "leave it out to print to stdout");
  if (options.kustomization && options.split.empty())
    throw Error(Exit::usage, "--kustomization goes with --split DIR",
                "write 'hello render --split DIR --kustomization'");
  const bool account = options.check && options.deployer && options.namespaces.size() == 2;
  if (!account && (options.check || !options.namespaces.empty()))
    throw Error(Exit::usage, "--check and --namespaces A,B go together, with --deployer",
                "write 'hello render --deployer --check --namespaces A,B'");
}

} // namespace

Exit run(const RenderOptions &options) {
  check_together(options);
  const config::Config config = options.config.load();
  std::vector<manifest::Object> objects = rendered(config, options.with);
  warn_of_api(objects, config);
  const Console &console = options.config.console;
  if (options.check) {
    objects = check_account(options.namespaces[0], options.namespaces[1]);
  } else if (options.deployer) {
    std::vector<std::string> notes;
    objects = deployer(config, objects, notes);
    for (const std::string &note : notes) console.note("note: " + note);
  }
  for (const std::string &note : manifest::notes(config)) console.note("note: " + note);
  if (!options.only.empty()) objects = chosen(objects, options.only);
  const std::string head = fmt::format("# Rendered by hello {} from {}\n", build_info().version,
                                       config::sources_of(config));
  if (!options.split.empty()) {
    if (std::any_of(objects.begin(), objects.end(),
                    [](const manifest::Object &object) { return object.kind == "Secret"; }))
      say(fmt::format("warning: the files in {} have the values of Secrets", options.split));
    const bool indexed = options.kustomization;
    split(objects, options.split, head, indexed ? Kustomization::yes : Kustomization::no);
    options.config.console.note(
        fmt::format("wrote {} to {}; run 'kubectl apply -{} {}' to apply them",
                    counted(objects.size() + (indexed ? 1 : 0), "file"), options.split,
                    indexed ? 'k' : 'f', options.split));
  } else {
    print(options.format == Format::json ? manifest::to_json(objects)
                                         : head + manifest::to_yaml(objects));
  }
  return Exit::ok;
}

void declare(const Command &command, RenderOptions &options) {
  OptionSpec only{"object to print; KIND alone prints all of that kind", "KIND/NAME"};
  only.completes = Completes::object;
  command.list("--only", options.only, only);
  OptionSpec split{"directory for one file per object, instead of stdout", "DIR"};
  split.completes = Completes::directory;
  command.text("--split", options.split, split);
  command.flag("--kustomization", options.kustomization,
               "with --split: also write a kustomization.yaml, for kustomize, Argo CD and Flux");
  OptionSpec with{"add-on to append: logging (a log agent on each node)", "ADD-ON"};
  with.completes = Completes::add_on;
  command.list("--with", options.with, with);
  command.flag("--deployer", options.deployer,
               "print the RBAC objects a CI account needs, instead of the manifests");
  command.flag("--check", options.check,
               "with --deployer: print what 'hello check --namespaces' needs");
  command.list("--namespaces", options.namespaces, {"with --check: the two namespaces", "A,B"},
               ',');
  options.config.add_to(command, {.image = true});
  add_format(command, options.format, "yaml|json", "output format (json: one List)");
  command.example("hello render | kubectl apply -f -", "apply without hello deploy");
  command.example("hello render --split out --kustomization", "write one file per object");
  command.example("hello render --only Deployment", "print only the Deployment");
}

} // namespace hello::cli
