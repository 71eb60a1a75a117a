#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/fake_cluster.h"

namespace hello::test {

/// Follows the objects of a FakeCluster. wait() lets the cluster's time pass until something of
/// them changes.
class FakeMirror final : public kube::Mirror {
public:
  FakeMirror(FakeCluster &cluster, std::vector<kube::Source> sources);

  bool wait(sys::Deadline deadline) override;
  bool complete() const override { return listed_; }
  bool offline() const override { return offline_; }
  const kube::Failure *refused(std::size_t source) const override;

private:
  bool take_news();
  bool follow(std::size_t source);

  struct State {
    std::optional<kube::Failure> refused;
    std::map<std::string, std::string> known; ///< uid → resource version
  };

  FakeCluster &cluster_;
  std::vector<kube::Source> sources_;
  std::vector<State> states_;
  bool listed_ = false, offline_ = false;
};

} // namespace hello::test
