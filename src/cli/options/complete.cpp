#include "cli/options/complete.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/core.h>

#include "cli/options/help.h"
#include "cli/options/kubeconfig.h"
#include "cli/options/line.h"
#include "hello/check.h"
#include "hello/config.h"
#include "hello/drills.h"
#include "hello/kube.h"
#include "hello/lint.h"
#include "hello/manifest.h"
#include "hello/process.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

using Form = OptionRow::Form;

enum Directive : unsigned { files = 0, no_blank = 2, nothing_else = 4, directories = 16 };

/// A text that ends the first sentence of a help or doc.
std::string_view brief(std::string_view text) {
  return text.substr(0, std::min(text.find(". "), text.size()));
}

class Completer {
public:
  Completer(const CommandRow &top, const Words &words)
      : top_(top), before_(words.begin(), words.end() - 1), current_(words.back()) {}

  std::string run() {
    const OptionRow *open = read_words();
    const std::size_t equals = current_.find('=');
    if (after_dashes_)
      directive_ = files;
    else if (open)
      values(*open, "", current_);
    else if (current_.starts_with("--") && equals != current_.npos)
      inline_value(equals);
    else if (current_.starts_with('-'))
      options();
    else
      words();
    return out_ + fmt::format(":{}\n", directive_);
  }

private:
  /// Finds the command. Returns the option whose value is the current word, if there is one.
  const OptionRow *read_words() {
    command_ = &top_;
    for (std::size_t i = 0; i < before_.size(); ++i) {
      const std::string &word = before_[i];
      if (word == "--") return after_dashes_ = true, nullptr;
      if (!is_option(word)) {
        const CommandRow *below = command_->command(word);
        if (below && arguments_ == 0)
          command_ = below;
        else
          ++arguments_;
        continue;
      }
      const OptionRow *row = nullptr;
      for (const Part &part : parts_of(top_, nullptr, word)) {
        row = command_->option(part.name);
        if (!row) row = option_anywhere(top_, part.name);
        if (row) note(*row, part.value);
        if (part.value) row = nullptr;
      }
      if (!row || !row->takes_value()) continue;
      if (i + 1 == before_.size()) return row;
      note(*row, before_[++i]);
    }
    return nullptr;
  }

  void note(const OptionRow &row, const std::optional<std::string> &value) {
    given_.push_back(row.long_name());
    if (!value) return;
    if (row.long_name() == "--context") context_ = *value;
    if (row.long_name() == "--config") files_.push_back(*value);
    if (row.long_name() == "--namespace") ns_ = *value;
    if (row.long_name() == "--name") release_ = *value;
  }

  void add(std::string_view word, std::string_view why = {}) {
    if (!word.starts_with(current_)) return;
    out_ += word;
    if (!why.empty()) out_ += fmt::format("\t{}", why);
    out_ += '\n';
  }

  void options() {
    if (command_ == &top_) add("--version", "version");
    for (const OptionRow &row : command_->options) {
      if (row.hidden || !row.is_option()) continue;
      const bool again = row.repeats || command_->last_value_wins;
      if (!again && std::find(given_.begin(), given_.end(), row.long_name()) != given_.end())
        continue;
      for (const std::string_view name : text::split(row.names, ','))
        if (name.starts_with("--") || current_.size() == 2) add(name, brief(row.help));
    }
    add("--help", "this help");
  }

  void words() {
    if (arguments_ == 0) commands(*command_);
    std::size_t index = 0;
    for (const OptionRow &row : command_->options)
      if (row.form == Form::argument && (index++ == arguments_ || row.repeats))
        return values(row, "", current_);
  }

  void inline_value(std::size_t equals) {
    const OptionRow *row = command_->option(current_.substr(0, equals));
    if (row && row->takes_value())
      values(*row, current_.substr(0, equals + 1), current_.substr(equals + 1));
  }

  /// `before` stands before each candidate; `begun` is what the value has so far.
  void values(const OptionRow &row, const std::string &before, const std::string &begun) {
    for (const std::string_view choice : text::split(row.choices, '|'))
      add(before + std::string(choice));
    switch (row.completes) {
    case Completes::file: directive_ = files; break;
    case Completes::directory: directive_ = directories; break;
    case Completes::context: contexts(before); break;
    case Completes::name_space: cluster(before, {"get", "namespaces", "-o=name"}, "/"); break;
    case Completes::release: releases(before); break;
    case Completes::revision: revisions(before); break;
    case Completes::reach:
      for (const char *where : {"forward", "exposed", "http://"}) add(before + where);
      break;
    default: own_names(row.completes, before, begun);
    }
    if (directive_ == files && !before.empty()) directive_ = nothing_else; // shells complete words
  }

  /// What hello itself has names for.
  void own_names(Completes what, const std::string &before, const std::string &begun) {
    switch (what) {
    case Completes::setting: setting(before, begun); break;
    case Completes::setting_file: setting_file(before, begun); break;
    case Completes::key: keys(before, ""); break;
    case Completes::rule: rules(before); break;
    case Completes::fault: faults(); break;
    case Completes::checks: checks(before, begun); break;
    case Completes::command: commands(top_); break;
    case Completes::add_on: add(before + "logging"); break;
    case Completes::adopted: add(before + "all"); [[fallthrough]];
    case Completes::object: objects(before); break;
    default: break;
    }
  }

  void rules(const std::string &before) {
    for (const manifest::LintRule &rule : manifest::lint_rules())
      add(before + std::string(rule.name), brief(rule.why));
  }

  void commands(const CommandRow &row) {
    for (const auto &below : row.commands) add(below->name, below->summary);
  }

  void checks(const std::string &before, const std::string &begun) {
    const std::string earlier = before + begun.substr(0, begun.rfind(',') + 1);
    for (const check::Info &one : check::all_checks()) add(fmt::format("{}{}", earlier, one.name));
  }

  void faults() {
    for (const drills::Definition &one : drills::definitions()) add(one.name, one.help);
    if (arguments_ == 0)
      for (const char *word : {"list", "stop"}) add(word);
  }

  void keys(const std::string &before, std::string_view after) {
    for (const config::Setting &one : config::settings())
      add(fmt::format("{}{}{}", before, one.key, after), brief(one.doc));
    if (!after.empty()) directive_ |= no_blank;
  }

  void setting(const std::string &before, const std::string &begun) {
    const std::size_t equals = begun.find('=');
    if (equals == begun.npos) return keys(before, "=");
    const std::string key = begun.substr(0, equals);
    for (const config::Setting &one : config::settings()) {
      if (one.key != key) continue;
      std::string_view choices;
      if (one.type.kind == config::Kind::boolean) choices = "true|false";
      if (one.type.kind == config::Kind::choice) choices = one.type.choices;
      for (const std::string_view choice : text::split(choices, '|'))
        add(fmt::format("{}{}={}", before, key, choice));
    }
  }

  void setting_file(const std::string &before, const std::string &begun) {
    if (begun.find('=') == begun.npos) keys(before, "=");
  }

  void contexts(const std::string &before) {
    for (const KubeContext &one : kubeconfig().contexts)
      add(before + one.name, one.name == kubeconfig().current ? "current context" : "");
  }

  /// What kubectl prints, a candidate a line: the part after the last `mark`.
  void cluster(const std::string &before, std::vector<std::string> args, std::string_view mark) {
    const std::string out = kubectl(std::move(args));
    for (const std::string_view line : text::lines(out)) {
      const std::size_t at = line.rfind(mark);
      if (at != line.npos) add(before + std::string(line.substr(at + mark.size())));
    }
  }

  void revisions(const std::string &before) {
    cluster(before,
            {"get", "controllerrevisions.apps", "-o=name", "-l=app.kubernetes.io/managed-by=hello",
             "--sort-by=.metadata.creationTimestamp", "--namespace=" + name_space()},
            fmt::format("/{}-release-", release_.empty() ? "hello" : release_));
  }

  void releases(const std::string &before) {
    std::vector<std::string> found;
    const std::string out = kubectl({"get", "controllerrevisions.apps", "-o=name",
                                     "--all-namespaces", "-l=app.kubernetes.io/managed-by=hello"});
    for (const std::string_view line : text::lines(out)) {
      const std::size_t slash = line.find('/') + 1, end = line.rfind("-release-");
      if (end == line.npos) continue;
      const std::string name(line.substr(slash, end - slash));
      if (std::find(found.begin(), found.end(), name) == found.end()) found.push_back(name);
    }
    for (const std::string &one : found) add(before + one);
  }

  /// The objects of the manifests that the line means.
  void objects(const std::string &before) try {
    const std::optional<config::Config> config = load_config();
    if (!config) return;
    for (const manifest::Object &one : manifest::render_all(*config)) {
      const bool elsewhere = !one.ns.empty() && one.ns != config->text("namespace.name");
      add(fmt::format("{}{}/{}{}{}", before, one.kind, elsewhere ? one.ns : "",
                      elsewhere ? "/" : "", one.name));
    }
  } catch (const Error &) { // NOLINT(bugprone-empty-catch): completion never fails
  }

  /// The configuration that the line means, if it is valid.
  std::optional<config::Config> load_config() try {
    const char *file = std::getenv("HELLO_CONFIG"), *context = std::getenv("HELLO_CONTEXT");
    if (files_.empty() && file) files_.push_back(file);
    if (context_.empty() && context) context_ = context;
    config::Sources sources;
    sources.files = files_;
    if (!context_.empty()) sources.context = context_;
    if (!ns_.empty()) sources.set.push_back({"namespace.name", ns_, "--namespace"});
    if (!release_.empty()) sources.set.push_back({"name", release_, "--name"});
    config::Config config = config::Config::load(sources);
    if (const std::string named = config.kube_context(); !named.empty()) context_ = named;
    if (ns_.empty()) ns_ = config.text("namespace.name");
    if (release_.empty()) release_ = config.text("name");
    return config;
  } catch (const Error &) {
    return {};
  }

  std::string name_space() {
    load_config();
    return ns_.empty() ? "hello" : ns_;
  }

  /// Empty where kubectl could ask for a password, fails, or takes longer than a second.
  std::string kubectl(std::vector<std::string> args) try {
    load_config();
    const KubeContext *context =
        kubeconfig().find(context_.empty() ? kubeconfig().current : context_);
    if (!context || kubeconfig().has_plugin(*context)) return "";
    const char *named = std::getenv("KUBECTL");
    const std::string program = sys::find_program(named && *named ? named : "kubectl");
    if (program.empty()) return "";
    args.insert(args.begin(), {program, "--context=" + context->name});
    const sys::Finished finished =
        sys::run(args, "", sys::Clock::now() + std::chrono::milliseconds(900));
    return finished.code == 0 ? finished.out : "";
  } catch (const Error &) {
    return "";
  }

  const Kubeconfig &kubeconfig() {
    if (!kubeconfig_) kubeconfig_ = read_kubeconfig();
    return *kubeconfig_;
  }

  const CommandRow &top_;
  const CommandRow *command_ = nullptr;
  Words before_;
  std::string current_, out_, context_, ns_, release_;
  std::vector<std::string> files_;
  std::vector<std::string_view> given_;
  std::size_t arguments_ = 0;
  bool after_dashes_ = false;
  unsigned directive_ = nothing_else;
  std::optional<Kubeconfig> kubeconfig_;
};

} // namespace

std::string complete(const CommandRow &top, const Words &words) {
  return Completer(top, words.empty() ? Words{""} : words).run();
}

} // namespace hello::cli
