#include <fmt/core.h>

#include "cli/view/counted.h"
#include "cli/view/events.h"
#include "cli/view/output.h"

namespace hello::cli {
namespace {

namespace event = deploy::event;
using Tone = EventText::Tone;

std::string deployment(const std::string &name) { return name.empty() ? "" : "Deployment/" + name; }

std::string left(const event::Failed &failed) {
  using Left = event::Failed::Left;
  switch (failed.left) {
  case Left::rolled_back: return "rolled back: the previous revision runs again";
  case Left::no_rollback: return "left as it is (--no-rollback)";
  case Left::ready_before:
    return "left as it is: this revision was ready before, and nothing was changed";
  case Left::paused:
    return "left as it is: its old pods keep serving; run 'kubectl rollout resume deployment/" +
           failed.detail + "'";
  case Left::nothing_earlier:
    return "no earlier revision was ready: this one is left for inspection";
  case Left::superseded: return "another deploy changed it in the meantime: left as it is";
  case Left::rollback_failed: return "and the rollback failed too: " + failed.detail;
  }
  return "";
}

/// Name, object and text of each kind.
struct Describe {
  EventText operator()(const event::Target &e) const { return {"target", "", target(e.access)}; }
  EventText operator()(const event::Planned &e) const { return {"plan", "", e.plan->summary()}; }
  EventText operator()(const event::Applied &) const { return {"applied", "", "applied"}; }
  EventText operator()(const event::Pod &e) const {
    std::string text(name_of(e.step));
    if (e.restarts) text += ", " + counted(static_cast<std::size_t>(e.restarts), "restart");
    return {"pod", "Pod/" + e.name, std::move(text)};
  }
  EventText operator()(const event::Progress &e) const {
    std::string text = fmt::format("{} of {} available", e.available, e.wanted);
    if (e.updated < e.wanted || e.available < e.updated)
      text += fmt::format(", {} updated", e.updated);
    if (e.old > 0) text += fmt::format(", {} old", e.old);
    return {"progress", "", std::move(text)};
  }
  EventText operator()(const event::Warning &e) const {
    return {"warning", e.object, e.text, Tone::warning};
  }
  EventText operator()(const event::Problem &e) const {
    return {"problem", e.problem.object(), deploy::describe(e.problem), Tone::problem};
  }
  EventText operator()(const event::ClusterWarning &e) const {
    return {"event", e.happening.kind + "/" + e.happening.name,
            e.happening.reason + ": " + e.happening.message, Tone::cluster};
  }
  EventText operator()(const event::Failing &e) const {
    return {"failing", deployment(e.deployment), deploy::describe(e.outcome, e.timeout),
            Tone::failure};
  }
  EventText operator()(const event::RollingBack &) const {
    return {"rollback", "", "rolling back to the previous revision, which was ready"};
  }
  EventText operator()(const event::Failed &e) const {
    return {"failed", "", left(e), Tone::failure};
  }
  EventText operator()(const event::NoAnswer &e) const {
    return {"failed", e.object, fmt::format("ready, but {} does not answer: {}", e.url, e.why),
            Tone::failure};
  }
  EventText operator()(const event::ScaledToZero &e) const {
    return {e.fails ? "failed" : "warning", deployment(e.deployment),
            "it is scaled to 0, so no pod serves: run 'kubectl scale --replicas' to start some",
            e.fails ? Tone::failure : Tone::warning};
  }
  EventText operator()(const event::Ready &e) const {
    return {"ready", deployment(e.deployment),
            e.unchanged ? "nothing to do: already up to date" : "ready", Tone::good};
  }
  EventText operator()(const event::Superseded &e) const {
    const std::string who = e.manager.empty() ? "another writer" : e.manager;
    return {"superseded", deployment(e.deployment),
            e.field.empty() ? "another deploy changed it during the wait: the last one wins"
                            : fmt::format("interrupted: {} changed {}", who, e.field),
            Tone::failure};
  }
  EventText operator()(const event::Gone &e) const {
    return {"gone", deployment(e.deployment), "it was removed during the wait", Tone::failure};
  }
  EventText operator()(const event::Reachable &e) const {
    std::string text = e.how;
    if (e.host && e.address && !e.address->empty() && *e.host != *e.address)
      text += fmt::format("  (at {})", *e.address);
    return {"reachable", e.object, std::move(text)};
  }
  EventText operator()(const event::Answers &e) const {
    return {"answers", e.object, fmt::format("{} answers: {}", e.url, e.first_line)};
  }
  EventText operator()(const event::Removed &e) const { return {"removed", e.object, "removed"}; }
  EventText operator()(const event::HistoryRemoved &e) const {
    return {"removed", "", "the history of " + counted(e.revisions, "revision") + " removed"};
  }
  EventText operator()(const event::Note &e) const { return {"note", "", e.text}; }
  EventText operator()(const event::Tick &) const { return {"tick", "", ""}; }
  EventText operator()(const event::Ended &e) const { return {"error", "", shown(e.error.what())}; }
};

} // namespace

EventText event_text(const deploy::Event &event) { return std::visit(Describe{}, event); }

std::string place(const kube::Access &access) {
  const std::string cluster =
      access.context.empty() ? "kubectl's default cluster" : "context " + access.context;
  return cluster + ", namespace " + access.ns;
}

std::string target(const kube::Access &access) {
  const std::string release =
      access.release == names::kDefault ? std::string() : ", release " + access.release;
  return place(access) + release;
}

} // namespace hello::cli
