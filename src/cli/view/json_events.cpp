#include <chrono>

#include <unistd.h>

#include <fmt/core.h>

#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/patience.h"
#include "hello/json.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

/// RFC 3339 with milliseconds.
std::string now() {
  const auto time = std::chrono::system_clock::now();
  std::string text = text::utc(std::chrono::system_clock::to_time_t(time));
  text.pop_back();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
  return fmt::format("{}.{:03}Z", text, ms.count() % 1000);
}

namespace event = deploy::event;

/// Writes the fields of each kind of event, besides time, name, object and text. Version 1 has only
/// strings; later fields may be numbers and arrays.
class Fields {
public:
  explicit Fields(json::Writer &out) : out_(out) {}

  void operator()(const event::Target &e) {
    add("context", e.access.context);
    add("namespace", e.access.ns);
    add("release", e.access.release);
  }
  void operator()(const event::Planned &e) { out_.key("plan").raw(json_of(*e.plan)); }
  void operator()(const event::Applied &e) { add("generation", std::to_string(e.generation)); }
  void operator()(const event::Pod &e) {
    add("step", name_of(e.step));
    add("restarts", std::to_string(e.restarts));
  }
  void operator()(const event::Progress &e) {
    add("wanted", std::to_string(e.wanted));
    add("updated", std::to_string(e.updated));
    add("available", std::to_string(e.available));
    add("old", std::to_string(e.old));
  }
  void operator()(const event::Problem &e) {
    const kube::Problem &problem = e.problem;
    add("cause", name_of(problem.cause));
    add("container", problem.container);
    add("what", problem.what);
    add("evidence", deploy::evidence_of(problem));
    add("fatal", problem.fatal ? "true" : "false");
  }
  void operator()(const event::ClusterWarning &e) { add("reason", e.happening.reason); }
  void operator()(const event::Failing &e) {
    out_.key("problems").begin_array();
    for (const kube::Problem &problem : e.outcome.problems) {
      out_.begin_object();
      add("object", problem.object());
      (*this)(event::Problem{problem});
      out_.end_object();
    }
    out_.end_array();
  }
  void operator()(const event::Failed &e) {
    add("rolledBack", e.left == event::Failed::Left::rolled_back ? "true" : "false");
  }
  void operator()(const event::Superseded &e) {
    if (e.field.empty()) return;
    add("manager", e.manager);
    add("field", e.field);
  }
  void operator()(const event::NoAnswer &e) { add("url", e.url); }
  void operator()(const event::Reachable &e) {
    if (e.host) add("host", *e.host);
    if (e.address) add("address", *e.address);
    if (e.node_port) add("nodePort", *e.node_port);
    if (e.answered_by.empty()) return;
    add("answeredBy", e.answered_by);
    add("answer", e.answer);
  }
  void operator()(const event::Answers &e) { add("url", e.url); }
  void operator()(const event::Note &e) {
    if (e.revision) add("revision", std::to_string(*e.revision));
  }
  void operator()(const event::Ended &e) {
    add("hint", shown(e.error.hint()));
    out_.key("exitCode").number(static_cast<int>(e.error.code()));
  }
  template <class Other> void operator()(const Other &) {}

private:
  void add(std::string_view key, std::string_view value) { out_.key(key).string(value); }

  json::Writer &out_;
};

class JsonView final : public View {
public:
  explicit JsonView(const Console *console) {
    if (console && !console->quiet) patience_.emplace(*console, "");
  }

  void show(const deploy::Event &event) override {
    print_line(event);
    rolls_ = rolls_ || std::holds_alternative<event::Progress>(event);
    if (!patience_) return;
    if (!std::holds_alternative<event::Tick>(event))
      patience_->hear(event);
    else if (!rolls_)
      patience_->expect("");
  }

private:
  static void print_line(const deploy::Event &event) {
    if (std::holds_alternative<event::Tick>(event)) return;
    const EventText words = event_text(event);
    std::string line;
    json::Writer out(line);
    out.begin_object().key("version").number(1).key("time").string(now());
    out.key("event").string(words.name);
    if (!words.object.empty()) out.key("object").string(words.object);
    out.key("text").string(words.text);
    std::visit(Fields(out), event);
    out.end_object();
    line += '\n';
    tell(STDOUT_FILENO, line); // a closed pipe is no error
  }

  bool rolls_ = false; ///< then a tick is part of the silence
  std::optional<Patience> patience_;
};

} // namespace

std::unique_ptr<View> json_view(const Console *console) {
  return std::make_unique<JsonView>(console);
}

} // namespace hello::cli
