#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hello/check.h"
#include "hello/check_client.h"
#include "hello/snapshot.h"

namespace hello::check {

inline constexpr std::string_view kRunLabel = "hello/check";
inline constexpr std::string_view kExpires = "hello/check-expires";
inline constexpr std::string_view kManager = "hello-check";
inline constexpr std::string_view kSteady = "check-steady", kChange = "check-change",
                                  kScale = "check-scale", kProbes = "check-probes";

/// How long a pod of a release may take to end: preStop, drain and 5 s.
inline constexpr std::chrono::seconds kPodGrace{15};

/// A pod of a release.
struct Place {
  std::string name, ip, node;
  bool ready = false;
};

/// A setting of a release of the check: key and value, as --set takes it.
using Setting = std::pair<std::string_view, std::string>;

/// The configuration of one of the check's releases: what decides whether the user's service runs,
/// and `own`.
config::Config release_config(const config::Config &user, std::span<const Setting> own);
/// The settings that release_config() takes from the user's.
std::span<const std::string_view> taken_settings();

/// A pod that does the steps, made from the pod template of a release.
struct Client {
  std::string name, ns;
  std::vector<std::string> args; ///< steps, unless `serves`
  std::chrono::seconds longest{60};
  std::string role{}; ///< for NetworkPolicies
  bool serves = false;
  std::string claim{}; ///< a PersistentVolumeClaim, mounted at /data
};

/// Watches something while other checks run.
class Observer {
public:
  virtual ~Observer() = default;
  /// Looks, until `end`.
  virtual void wait(sys::Deadline end) = 0;
};

/// What the checks of one run share. Main thread.
class Context {
public:
  Context(kube::Cluster &cluster_, const config::Config &user_, const Options &options_,
          Listener &listener);

  kube::Cluster &cluster;
  const config::Config &user;
  const Options &options;
  std::string run, a, b; ///< id; namespaces of the releases and of the clients
  std::string expires;   ///< RFC 3339
  sys::Deadline deadline;
  bool api_lost = false;
  std::string service_ip;      ///< of the steady release
  sys::Deadline scale_began{}; ///< when the load for the autoscaler did

  void doing(std::string_view what) { listener_.doing(check, what); }
  std::string_view check; ///< the one that runs

  /// cluster.now() + time, at most the run's deadline.
  sys::Deadline until(std::chrono::milliseconds time) const;
  bool is_over(sys::Deadline at) const { return cluster.now() >= at; }
  /// Lets time pass; the observer looks meanwhile.
  void sleep(std::chrono::milliseconds time) {
    if (observer)
      observer->wait(cluster.now() + time);
    else
      cluster.sleep(time);
  }
  std::unique_ptr<Observer> observer; ///< null: none

  /// Whether the options choose that check.
  bool runs(std::string_view name) const;
  /// A bound that the user may set in check.bounds.
  std::chrono::milliseconds bound(std::string_view name) const;
  /// Throws Error(Exit::invalid) if the user's bounds have an unknown name or no time.
  void check_bounds() const;

  /// The objects of a release, in namespace A.
  std::vector<kube::Object> rendered(std::string_view name, std::span<const Setting> more) const;
  /// The message of a release, one word, by which its answers are known.
  std::string mark(int revision) const;
  /// Applies objects, and remembers them for the removal.
  kube::Result<kube::Answer> apply(std::span<const kube::Object> set);
  /// Parses, labels and applies one object.
  kube::Result<kube::Answer> apply(std::string_view json, const std::string &ns);
  /// The pods of a release in a namespace. Throws Error(Exit::cluster) if they cannot be listed:
  /// that there are none, or few, would prove nothing then.
  std::vector<Place> pods(const std::string &ns, std::string_view release);
  kube::Result<json::Value> read(const kube::Id &id);
  /// Deletes a pod as its owner would be asked to.
  std::optional<kube::Failure> remove_pod(const std::string &ns, const std::string &name);

  /// The spec of the steady release's pods.
  json::Value pod_spec() const;
  /// The pod of a client.
  json::Value client_pod(const Client &client) const;
  /// Makes a client's pod. Returns why that is not possible, or nothing.
  std::string start(const Client &client);
  /// What a client has reported so far.
  Heard so_far(const std::string &ns, const std::string &name);
  /// Waits for a client's end, and reads its report.
  Heard hear(const Client &client);
  /// start() and hear().
  Heard ask(const Client &client);
  /// The address of a client's pod that is ready; empty: none in time.
  std::string address_of(const std::string &ns, const std::string &name);

  /// Everything that was made, in order.
  const std::vector<kube::Id> &made() const { return made_; }
  /// Those of them that may cost money.
  const std::vector<kube::Id> &costly() const { return costly_; }
  void remember(const kube::Id &id) { made_.push_back(id); }

  /// Reads the API server's refusal; sets api_lost.
  std::string words_of(const kube::Failure &failure);

private:
  Listener &listener_;
  std::vector<kube::Id> made_, costly_;
};

// Outcomes
Outcome passed(std::string what);
Outcome inconclusive(std::string cause, std::string what);
/// What a failed check must say.
Outcome failed(std::string cause, std::string what, std::vector<std::string> evidence,
               std::string advice);
/// The instrument failed: its own words.
Outcome no_instrument(const Heard &heard);
Outcome refused(const kube::Failure &failure, const std::string &doing);
/// The exit code of a run; that of a signal stays. A warning counts as passed unless --strict.
Exit exit_of(const Report &report, const Options &options);

// The releases that checks make, each by the check of its name; `--plan` lists them
std::vector<kube::Object> steady_release(const Context &context);
std::vector<kube::Object> change_release(const Context &context);
std::vector<kube::Object> scale_release(const Context &context);
std::vector<kube::Object> probes_release(const Context &context);
std::vector<kube::Object> scrape_release(const Context &context);
std::vector<kube::Object> spread_release(const Context &context);
std::vector<kube::Object> gateway_route(const Context &context);

/// A row of the table of checks.
struct Check {
  Info info;
  Outcome (*run)(Context &context);
  /// Starts what takes long, before the late checks run. `what` says why that is not possible; the
  /// check does not run then.
  Outcome (*begin)(Context &context) = nullptr;
};
std::span<const Check> table();

// The checks, each in a file of its own
Outcome check_api(Context &context);
Outcome check_start(Context &context);
Outcome check_dns(Context &context);
Outcome check_service(Context &context);
Outcome check_ingress(Context &context);
Outcome check_policy(Context &context);
Outcome check_security(Context &context);
Outcome check_rollout(Context &context);
Outcome begin_probes(Context &context);
Outcome check_probes(Context &context);
Outcome begin_metrics(Context &context);
Outcome check_metrics(Context &context);
Outcome begin_autoscaler(Context &context);
Outcome check_autoscaler(Context &context);
Outcome check_scale_down(Context &context);
Outcome check_spread(Context &context);
Outcome check_gateway(Context &context);
Outcome check_load_balancer(Context &context);
Outcome check_scrape(Context &context);
Outcome check_node_port(Context &context);
Outcome check_budget(Context &context);
Outcome check_storage(Context &context);
Outcome check_logs(Context &context);
/// Throws Error(Exit::invalid) if the check `logs` runs and check.logs.url has no place for the
/// marker, or check.logs.header does not lead to a header.
void check_log_store(const Context &context);

/// What the nodes have left for pods with this spec.
Room room_for(kube::Cluster &cluster, const json::Value &pod);

/// Makes namespaces, quotas and limits. Returns what went wrong, or nothing.
std::string make_place(Context &context);
/// Removes everything; returns what is left.
std::vector<std::string> remove_all(Context &context);

inline constexpr std::size_t kSteadyPods = 3; ///< of the steady release

struct Node {
  std::string name, ip{}; ///< InternalIP
  bool ready = false, cordoned = false;
};
/// Whether the node's taints, without that of a cordon, and its labels let pods with this spec run:
/// by node selector, tolerations and required node affinity.
bool admits(const json::Value &node, const json::Value &spec);
/// The nodes on which the service may run.
std::optional<kube::Failure> list_nodes(Context &context, std::vector<Node> &nodes);

/// Makes a Service of the steady release; `spec` is the beginning of its spec.
kube::Result<json::Value> make_service(Context &context, std::string_view name,
                                       std::string_view spec);

/// What leads from outside to the steady release.
struct Door {
  std::string address, host;
  std::string client;  ///< name of the pod that asks through the Service meanwhile
  std::int64_t waited; ///< seconds, for the address
};
/// The address in the status of an Ingress, a Service or a Gateway, as soon as there is one; empty
/// if there is none in time. Fails if the object cannot be read then.
kube::Result<std::string> await_address(Context &context, const kube::Id &id,
                                        std::chrono::milliseconds time);
/// Waits until our pods answer there; a 404 before that is no loss. `why`: what answers instead.
bool await_route(Context &context, const std::string &address, const std::string &host,
                 std::string &why);
/// Asks through a door while a pod is replaced.
Outcome check_route(Context &context, const Door &door);

/// The autoscaler's release: the CPU that a pod requests, which is its target too, in thousandths.
/// So small that a modest load is far above it.
inline constexpr std::int64_t kScaleMilli = 5;
inline constexpr const char *kReadMetrics = "read the metrics of the check's pods";
/// The CPU use of its pods as the metrics API has it; -1: none.
kube::Result<std::int64_t> scale_milli(Context &context);
/// "ScalingActive: FailedGetResourceMetric: …" where the autoscaler says what keeps it.
std::string scale_condition(const json::Value &autoscaler);

/// A client that sends 20 requests a second to a Service: for 5 s as the control, then for `time`
/// seconds.
Client load_client(const Context &context, const std::string &service, const std::string &name,
                   int time);
/// Waits until its second load runs.
bool await_load(Context &context, const Client &client);
/// Whether it was still loading when its log was read.
bool still_loads(Context &context, const Client &client);
/// What it says; `meanwhile` is what went well: "a message changed".
Outcome judge_load(const Heard &heard, std::vector<Figure> &figures, std::string_view meanwhile);

/// The readiness of a Deployment's rollout, and if it is not ready, why.
struct Rollout {
  bool ready = false;
  bool read = false;
  std::string cause{}, what{}, evidence{};
};
Rollout rollout_of(Context &context, std::string_view name);
/// Waits until it is ready.
Rollout await_rollout(Context &context, std::string_view name, std::chrono::milliseconds time);

} // namespace hello::check
