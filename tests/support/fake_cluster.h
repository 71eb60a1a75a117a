#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hello/kube.h"
#include "support/fake_api.h"
#include "support/fake_objects.h"

namespace hello::test {

enum class Operation {
  dry_run,
  apply,
  remove,
  create,
  replace,
  patch,
  who_am_i,
  forward,
  objects_in,
  post,
  read,
  fetch,
  list,
  log,
  watch
};

/// A cluster in memory with a clock of its own, which moves only while hello sleeps or watches.
/// Tests script what happens at which time, and which calls fail:
///
///     FakeCluster cluster;
///     cluster.after(3s, [&] { cluster.api.erase(kDeployment); });
///     cluster.fail_next(Operation::apply, failure(Trouble::unreachable));
///
/// Namespace shop is there, and is not hello's. Operations may be called from any thread; scripted
/// actions run on the thread that makes the time pass, or the call.
class FakeCluster : public kube::Cluster {
public:
  using Action = std::function<void()>;

  FakeCluster();

  // The script

  FakeApi api;
  /// Runs `action` when so much time has passed from now. It may throw.
  void after(std::chrono::milliseconds time, Action action);
  /// Runs `action` once, before the next call of this operation. `about`: see fail_next().
  void before_next(Operation operation, Action action, const std::string &about = "");
  /// Lets the next call fail that is about this: an object ("Deployment/hello"), a kind for list
  /// and watch ("Ingress", "Ingress in every namespace"), "POD/CONTAINER" for log; or any. Of a
  /// set, the other objects are applied.
  void fail_next(Operation operation, kube::Failure failure, const std::string &about = "");
  /// Lets every call fail, until allow().
  void fail_always(Operation operation, kube::Failure failure, const std::string &about = "");
  void allow(Operation operation);
  /// An interruption, as by Ctrl-C, as soon as so much time has passed.
  void interrupt_after(std::chrono::milliseconds time);
  /// Whether watches get an answer.
  void set_offline(bool offline) { offline_ = offline; }
  /// Which release hello works on from now on.
  void set_release(const std::string &name) { access_.release = name; }
  /// Which namespace it works in from now on.
  void set_namespace(const std::string &ns) { access_.ns = ns; }
  /// Runs after each write of hello that changed the object or removed it.
  std::function<void(const kube::Id &id)> on_write;

  std::vector<std::string> warnings{};       ///< of each apply
  std::string user = "alice";                ///< for who_am_i()
  std::map<std::string, std::string> logs{}; ///< by "POD/CONTAINER"
  /// A test that takes longer by the fake clock fails: what it tests waits forever.
  std::chrono::hours longest{2};
  std::map<std::string, std::string> previous_logs{}; ///< of containers before their last restart
  std::vector<kube::LogQuery> log_queries{};          ///< what log() and follow_log() got
  kube::Result<std::string> forward_address = std::string("127.0.0.1:40123");
  std::map<std::string, json::Value> paths{}; ///< answers of fetch() and post()
  std::deque<sys::HttpReply> replies{};       ///< to ask(); the last one stays
  std::set<std::string, std::less<>> served{"metrics.k8s.io/v1beta1"}; ///< for serves()

  // What hello did

  /// Each write, and each request to the service, in order: "apply ConfigMap/m Deployment/hello as
  /// hello", with " by force" where it takes fields, and " beside kubectl" where it leaves
  /// kubectl's; "remove Service/hello"; "forward pod/a:http"; "ask http://127.0.0.1:40123/". Writes
  /// of Leases, which a thread renews, are left out.
  std::vector<std::string> journal;
  std::map<std::string, int> reads;               ///< of objects, "Node/lab"; "log POD/CONTAINER"
  std::size_t times(std::string_view line) const; ///< how many entries begin so
  std::chrono::milliseconds elapsed() const;      ///< since the cluster was made

  // kube::Cluster

  const kube::Access &access() const override { return access_; }
  sys::Deadline now() const override;
  void sleep(std::chrono::milliseconds time) override;
  kube::Result<kube::Answer> dry_run(std::span<const kube::Object> set,
                                     const kube::ApplyOptions &options) override;
  kube::Result<kube::Answer> apply(std::span<const kube::Object> set,
                                   const kube::ApplyOptions &options) override;
  kube::Result<kube::Done> remove(const kube::Id &id, const kube::Preconditions &still,
                                  sys::Deadline deadline) override;
  kube::Result<json::Value> create(const kube::Id &id, std::string_view json,
                                   std::string_view manager, sys::Deadline deadline) override;
  kube::Result<json::Value> replace(const kube::Id &id, std::string_view json,
                                    sys::Deadline deadline) override;
  kube::Result<json::Value> post(const std::string &path, std::string_view json,
                                 sys::Deadline deadline) override;
  kube::Result<kube::Done> patch(const kube::Id &id, const std::string &change,
                                 std::string_view manager, sys::Deadline deadline) override;
  kube::Result<std::string> who_am_i(sys::Deadline deadline) override;
  std::unique_ptr<kube::Forward> forward(const std::string &target,
                                         const std::string &port) override;
  sys::HttpReply ask(const std::string &url, std::chrono::milliseconds timeout) override;
  kube::Result<std::vector<kube::Occupant>> objects_in(const std::string &ns) override;
  kube::Result<json::Value> read(const kube::Id &id) override;
  kube::Result<json::Value> fetch(const std::string &path) override;
  std::optional<kube::Failure> list(const kube::Collection &collection,
                                    const kube::TakeValue &take) override;
  bool serves(std::string_view api_version) override;
  kube::Result<std::string> log(const std::string &pod, const std::string &container,
                                const kube::LogQuery &query) override;
  std::unique_ptr<kube::Stream> follow_log(const std::string &pod, const std::string &container,
                                           const kube::LogQuery &query) override;
  std::unique_ptr<kube::Mirror> watch(std::vector<kube::Source> sources) override;

private:
  friend class FakeMirror;
  struct Rule {
    Operation operation;
    std::string about;
    std::optional<kube::Failure> failure;
    Action action;
    bool once;
  };

  std::optional<kube::Failure> scripted(Operation operation, const std::string &about);
  /// Lets time pass until the next action is due, or `deadline`.
  void pass(sys::Deadline deadline);
  void move_clock(sys::Deadline to);
  kube::Result<kube::Answer> apply_to(FakeApi &api, Operation operation,
                                      std::span<const kube::Object> set,
                                      const kube::ApplyOptions &options);
  void wrote(const kube::Id &id);

  kube::Access access_{"lab", "shop"};
  mutable std::recursive_mutex mutex_;
  sys::Deadline start_{std::chrono::hours(1)}, now_ = start_;
  std::multimap<sys::Deadline, Action> agenda_;
  std::deque<Rule> rules_;
  bool offline_ = false;
};

} // namespace hello::test
