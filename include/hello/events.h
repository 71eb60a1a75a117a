#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hello/error.h"
#include "hello/kube.h"
#include "hello/snapshot.h"

/// What happens during a deploy, a rollback or an undeploy: one struct for each kind. Views
/// (src/cli/view) turn them into text, a live block, and JSON lines; docs/events.md describes
/// those.
namespace hello::deploy {

struct Plan;

/// How a wait ended.
struct Outcome {
  enum class State { ready, failed, timed_out, superseded, gone } state = State::ready;
  std::vector<kube::Problem> problems{}; ///< with all evidence
};

namespace event {

/// The first event: which cluster and namespace.
struct Target {
  kube::Access access;
};

struct Planned {
  const Plan *plan; ///< borrowed
};

struct Applied {
  std::int64_t generation; ///< of the Deployment
};

/// A pod of the new template.
struct Pod {
  std::string name;
  kube::Step step = kube::Step::pending;
  int restarts = 0;
  std::string problem{}; ///< what is wrong with it; may be empty
  bool operator==(const Pod &) const = default;
};

/// How far the rollout is.
struct Progress {
  std::int64_t wanted = 0, updated = 0, available = 0, old = 0;
  std::vector<Pod> pods{}; ///< by name
  bool operator==(const Progress &) const = default;
};

struct Warning {
  std::string object; ///< "Service/hello"; may be empty
  std::string text;
  bool is_held_back = false; ///< a way back leaves the object as it is
};

/// A reason why the rollout is not ready.
struct Problem {
  kube::Problem problem;
  std::size_t more = 0; ///< objects with the same problem
};

/// A warning of Kubernetes about the new pods or what owns them.
struct ClusterWarning {
  kube::Happening happening;
};

/// The rollout failed; what follows from it comes next.
struct Failing {
  std::string deployment;
  Outcome outcome;
  std::chrono::seconds timeout;
};

struct RollingBack {};

/// How a failed rollout was left.
struct Failed {
  enum class Left {
    rolled_back,
    no_rollback,     ///< --no-rollback
    ready_before,    ///< this set had been ready, and nothing was changed
    paused,          ///< going back would wait as well
    nothing_earlier, ///< no earlier revision was ready
    superseded,      ///< another deploy has changed it meanwhile
    rollback_failed,
  } left;
  std::string detail{}; ///< paused: the Deployment's name; rollback_failed: why
};

/// The rollout is ready, but the service does not answer.
struct NoAnswer {
  std::string object;
  std::string url;
  std::string why;
};

/// The live Deployment is scaled to 0, while the set does not ask for that.
struct ScaledToZero {
  std::string deployment;
  bool fails; ///< the run fails of it: it was to verify that the service answers
};

struct Ready {
  std::string deployment; ///< may be empty
  bool unchanged = false; ///< there was nothing to do
};

/// What was applied of the Deployment has been changed from outside.
struct Superseded {
  std::string deployment;
  std::string manager{}, field{}; ///< who, and which field
};

/// The Deployment was removed.
struct Gone {
  std::string deployment;
};

/// A way to reach the service.
struct Reachable {
  std::string object;
  std::string how; ///< a URL, or a command
  std::optional<std::string> host{}, address{}, node_port{};
  /// Who answered there, if it was asked: "release", "other", "nothing" or "unchecked"; and in
  /// words.
  std::string_view answered_by{};
  std::string answer{};
};

struct Answers {
  std::string object;
  std::string url;
  std::string first_line; ///< of the response
};

struct Removed {
  std::string object;
};

struct HistoryRemoved {
  std::size_t revisions;
};

struct Note {
  std::string text;
  std::optional<int> revision{}; ///< of a rollback's target
  std::string awaits{};          ///< what the run waits for from now on; empty: as before
};

/// Time passes without news: a live view draws its clock again.
struct Tick {};

/// The run ends with this failure.
struct Ended {
  Error error;
};

} // namespace event

using Event =
    std::variant<event::Target, event::Planned, event::Applied, event::Pod, event::Progress,
                 event::Warning, event::Problem, event::ClusterWarning, event::Failing,
                 event::RollingBack, event::Failed, event::NoAnswer, event::ScaledToZero,
                 event::Ready, event::Superseded, event::Gone, event::Reachable, event::Answers,
                 event::Removed, event::HistoryRemoved, event::Note, event::Tick, event::Ended>;

using Listener = std::function<void(const Event &)>;

/// "hello: the container ended with exit code 1: …" as people read a problem: container, what,
/// evidence.
std::string describe(const kube::Problem &problem);
/// A problem's evidence with the log's last lines.
std::string evidence_of(const kube::Problem &problem);
/// Why a rollout failed: one line, then its problems, one of each kind.
std::string describe(const Outcome &outcome, std::chrono::seconds timeout,
                     std::string_view option = "--timeout");

} // namespace hello::deploy
