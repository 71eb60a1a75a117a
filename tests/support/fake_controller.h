#pragma once
#include <chrono>
#include <map>
#include <string>

#include "support/fake_cluster.h"

namespace hello::test {

/// What becomes of a pod: its status as YAML.
namespace pod_status {
inline const std::string kReady =
    "{phase: Running, conditions: [{type: PodScheduled, status: 'True'}, {type: Ready, status: "
    "'True'}, {type: PodReadyToStartContainers, status: 'True'}], containerStatuses: [{name: "
    "hello, ready: true, restartCount: 0, imageID: i, state: {running: {}}}]}";
/// Its one container waits for `reason`.
std::string waiting(const std::string &reason, const std::string &message = "");
/// Its one container ended with this exit code, and is in back-off.
std::string crashed(int exit_code, int restarts = 1);
/// Its one container runs and is not ready.
std::string running();
} // namespace pod_status

/// Plays the Deployment controller and the kubelets for one release: some time after hello changes
/// its Deployment, the old pods are gone and each new one (NAME-REVISION-N) has the status that its
/// image calls for.
class FakeController {
public:
  explicit FakeController(FakeCluster &cluster, const std::string &release = "hello");
  FakeController(const FakeController &) = delete;
  FakeController &operator=(const FakeController &) = delete;

  std::chrono::milliseconds delay{1000};       ///< after the change
  std::map<std::string, std::string> statuses; ///< by image; the others become ready

  /// Does it now.
  void roll_out();
  /// Gives all pods this status, and the Deployment what follows from it.
  void set_pods(const std::string &status);

private:
  std::vector<kube::Id> pods() const;
  /// The ReplicaSet of the present template; makes it if there is none.
  kube::Id current_set();

  FakeCluster &cluster_;
  kube::Id deployment_;
  struct SetOfPods {
    std::string name;
    int revision;
  };
  std::map<std::string, SetOfPods> sets_; ///< by pod template
  int newest_ = 0;
};

/// A Kubernetes Event about an object, which must exist.
void put_event(FakeCluster &cluster, const kube::Id &about, const std::string &reason,
               const std::string &message, const std::string &type = "Warning");

} // namespace hello::test
