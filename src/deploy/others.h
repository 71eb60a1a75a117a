#pragma once
#include <optional>
#include <vector>

#include "hello/deploy.h"
#include "hello/readiness.h"

namespace hello::deploy {

/// What a set has besides the release's Deployment, until all of it is ready by the rules of its
/// kind.
class Others {
public:
  Others(kube::Cluster &cluster, const Applied &applied, const Listener &emit);

  bool ready() const { return pending_.empty(); }
  /// Asks for what is not ready, at most once a second, and reports what it waits for. Returns what
  /// is wrong.
  const std::vector<kube::Problem> &look();
  /// What is not ready, for the time limit.
  std::vector<kube::Problem> unready() const;

private:
  struct Pending {
    kube::Id id;
    bool may_go = false; ///< a Job that is removed some time after its end
    bool warns = true;   ///< nothing else warns of it
    std::string text{}, evidence{}, said{};
    std::string last_words{}; ///< of a Job whose pods may be gone when it fails
    sys::Deadline said_at{};
    sys::Deadline unknown_since{}; ///< when first no condition gave a state
    bool over = false;
  };
  void look_at(Pending &one);
  void say(Pending &one, const kube::Readiness &now);

  kube::Cluster &cluster_;
  const Listener &emit_;
  sys::Deadline start_, next_;
  std::vector<Pending> pending_;
  std::vector<kube::Problem> problems_;
};

/// Whether objects of the plan were ready when it was made, the Deployment aside.
bool others_were_ready(const Plan &plan, const kube::Access &access);
/// The ids of a set that Others looks at.
std::vector<kube::Id> others_of(const Set &set, const kube::Id *deployment);

} // namespace hello::deploy
