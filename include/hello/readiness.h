#pragma once
#include <optional>
#include <string>
#include <vector>

#include "hello/kube.h"
#include "hello/snapshot.h"

/// Whether an object is ready, by the rules of its kind: all kinds but the release's own
/// Deployment, which judge() watches closer.
namespace hello::kube {

struct Readiness {
  enum class State {
    done,
    unknown, ///< a custom resource without a condition that tells
    warning, ///< done, but perhaps not as intended
    waiting,
    failing, ///< may heal
    failed   ///< cannot heal
  } state = State::done;
  std::string text{};     ///< "1 of 3 available"; the reason
  std::string evidence{}; ///< the cluster's words; may be empty
  /// Nothing has to be waited for.
  bool over() const { return state <= State::warning; }
};

/// By the object's own status, which counts only if it is of the present generation. Pure.
Readiness readiness(const json::Value &object);

/// Whether the object's annotations say that nothing waits for it: hello/wait: "false".
bool is_waited_for(const json::Value &object);

/// The labels of a workload's pods, "a=b,c=d"; empty: it chooses none by labels.
std::string selector_of_pods(const json::Value &workload);

/// An object with what others tell of it.
struct Look {
  Readiness readiness;
  std::vector<Problem> problems; ///< of the pods of a workload, with a failed Job's last words
  /// Of a Job's newest pod that ended badly: it may be gone when the Job has failed.
  std::optional<std::string> last_words{};
};
/// readiness(), and where that is not enough: a claim's class, the pods of a workload or Job, and
/// warnings about the object. What may not be read is left out.
Look look_closer(Cluster &cluster, const Id &id, const json::Value &object);

} // namespace hello::kube
