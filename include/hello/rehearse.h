#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hello/drill_release.h"
#include "hello/load_job.h"

/// Written exercises on a release, with load beside them: what users would have felt.
namespace hello::rehearse {

enum class Exercise : std::uint8_t { rolling_restart, failing_readiness, slow_pod };

struct Definition {
  std::string_view name, summary;
  std::string_view course; ///< what happens, step by step
};
/// In the order of Exercise.
std::span<const Definition> definitions();
std::optional<Exercise> exercise_of(std::string_view name);

struct Options {
  int rate = 20; ///< requests a second
  drills::Send send = sys::http_send;
};

/// What is known before anything begins.
struct Plan {
  Exercise exercise{};
  std::string url;
  load::Destination destination{};
  std::vector<drills::Target> targets{}; ///< pods that get a fault
  std::size_t ready = 0;                 ///< ready pods, where there are targets
  drills::Drill drill{};
};

/// Looks at the release, and changes nothing. `path`: of the URL. Throws Error(Exit::cluster) if
/// the release is not ready, has an active drill, lacks what the exercise needs, or does not admit
/// the load.
Plan plan(kube::Cluster &cluster, Exercise exercise, const std::string &path);

/// Answers slower than this count as slow.
inline constexpr std::chrono::milliseconds kSlow{100};

/// Requests that ended in one period.
struct Count {
  std::int64_t requests = 0, failed = 0, slow = 0;
  std::int64_t slowest_us = 0;

  void add(const Count &more);
};

/// About a second of the load.
struct Second {
  std::int64_t ms; ///< its end, since the load's beginning
  Count count{};
};

/// Something that happened.
struct Mark {
  std::int64_t ms;
  std::string text;
  std::string phase{}; ///< name of the phase that begins with it; may be empty
};

struct Phase {
  std::string name;
  Count count{};
};

struct Report {
  std::vector<Second> seconds{};
  std::vector<Mark> marks{};      ///< in order; the first one begins a phase
  std::int64_t unanswered = 0;    ///< at the end
  std::string statuses{}, lost{}; ///< of all requests, as JSON objects
  std::string saturated{};        ///< why latencies are not trusted; empty: they are
  std::string incomplete{};       ///< what did not happen as written; empty: everything did

  std::vector<Phase> phases() const;
  /// All phases but the first, which comes before the exercise.
  Count felt() const;
};

/// Main thread.
class Listener {
public:
  virtual ~Listener() = default;
  virtual void happened(const Mark &mark) = 0;
};

/// Runs it. Whatever way it ends, the load is removed, and a fault is stopped or ends by itself.
/// Throws Error(Exit::failure) if requests failed before the exercise, or if the load failed, and
/// check_interrupted()'s Error.
Report run(kube::Cluster &cluster, const Plan &plan, const Options &options, Listener &listener);

} // namespace hello::rehearse
