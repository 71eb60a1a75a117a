#include <ctime>

#include <chrono>

#include <unistd.h>

#include <fmt/core.h>

#include "cli/view/events.h"
#include "hello/file.h"
#include "hello/json.h"

namespace hello::cli {
namespace {

std::string now() {
  const auto time = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format(
      "{}.{:03}Z", text,
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() %
          1000);
}

/// A container's log may have any bytes; JSON is UTF-8.
std::string quoted(std::string_view text) {
  std::string out;
  json::quote(out, text);
  return out;
}

namespace event = deploy::event;

/// The fields that a kind of event has besides time, name, object and text. In version 1 they are
/// strings; arrays and numbers have names of their own.
class Fields {
public:
  std::string take() { return std::move(out_); }

  void operator()(const event::Target &e) {
    add("context", e.access.context);
    add("namespace", e.access.ns);
  }
  void operator()(const event::Planned &e) { raw("plan", json_of(*e.plan)); }
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
    std::string problems;
    for (const kube::Problem &problem : e.outcome.problems) {
      Fields fields;
      fields(event::Problem{problem});
      problems += fmt::format("{}{{\"object\":{}{}}}", problems.empty() ? "" : ",",
                              quoted(problem.object()), fields.take());
    }
    raw("problems", "[" + problems + "]");
  }
  void operator()(const event::Failed &e) {
    add("rolledBack", e.left == event::Failed::Left::rolled_back ? "true" : "false");
  }
  void operator()(const event::NoAnswer &e) { add("url", e.url); }
  void operator()(const event::Reachable &e) {
    if (e.host) add("host", *e.host);
    if (e.address) add("address", *e.address);
    if (e.node_port) add("nodePort", *e.node_port);
  }
  void operator()(const event::Answers &e) { add("url", e.url); }
  void operator()(const event::Note &e) {
    if (e.revision) add("revision", std::to_string(*e.revision));
  }
  void operator()(const event::Ended &e) {
    add("hint", e.error.hint());
    raw("exitCode", std::to_string(static_cast<int>(e.error.code())));
  }
  template <class Other> void operator()(const Other &) {}

private:
  void add(std::string_view key, std::string_view value) { raw(key, quoted(value)); }
  void raw(std::string_view key, std::string_view json) {
    out_ += fmt::format(",\"{}\":{}", key, json);
  }

  std::string out_;
};

class JsonView final : public View {
public:
  void show(const deploy::Event &event) override {
    if (std::holds_alternative<event::Tick>(event)) return;
    const EventText words = event_text(event);
    std::string line =
        fmt::format("{{\"version\":1,\"time\":\"{}\",\"event\":\"{}\"", now(), words.name);
    if (!words.object.empty()) line += ",\"object\":" + quoted(words.object);
    line += ",\"text\":" + quoted(words.text);
    Fields fields;
    std::visit(fields, event);
    line += fields.take() + "}\n";
    sys::write_all(STDOUT_FILENO, line); // a closed pipe is no error
  }
};

} // namespace

std::unique_ptr<View> json_view() { return std::make_unique<JsonView>(); }

} // namespace hello::cli
