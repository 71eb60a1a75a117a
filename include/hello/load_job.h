#pragma once
#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "hello/http_client.h"
#include "hello/json.h"
#include "hello/kube.h"

/// Load from inside the cluster: a Job in the release's namespace that runs the release's image and
/// may reach its target and DNS, and nothing else.
namespace hello::load {

/// What the Job's requests go to.
struct Destination {
  std::string text;       ///< "Service/hello in shop", "10.0.0.7"
  bool is_own = false;    ///< of the release
  bool needs_dns = false; ///< the URL has a name
  json::Value peer;       ///< for the egress rule of a NetworkPolicy
  json::Value port;       ///< the port there: a number; or a name, if no pod tells its number

  // The pods behind it, whose policies must admit the Job; an address of no known pod has none
  std::string ns, port_name;
  json::Value labels;
};

/// Finds out what a URL means in the release's namespace: NAME, NAME.NAMESPACE(.svc…) of a Service,
/// or an address. Throws Error(Exit::usage) for anything else, Error(Exit::cluster) if the cluster
/// cannot be asked.
Destination find_destination(kube::Cluster &cluster, const sys::HttpUrl &url);

/// Throws Error(Exit::cluster) if NetworkPolicies keep the Job from its destination. Changes
/// nothing. A policy that admits ranges of addresses counts as one that admits the Job.
void check_admission(kube::Cluster &cluster, const Destination &destination);

/// The Job and its NetworkPolicy. They go with this object; if it never ends, Kubernetes ends the
/// Job after its deadline and removes it. Main thread.
class Job {
public:
  struct State {
    bool runs = false, ended = false;
    int exit_code = 0; ///< once it has ended
  };

  /// Creates both. `args`: of hello; `longest`: how long the pod may run. Throws
  /// Error(Exit::cluster) if they are refused; nothing is left then.
  Job(kube::Cluster &cluster, const Destination &destination, std::span<const std::string> args,
      std::chrono::seconds longest);
  ~Job();
  Job(const Job &) = delete;
  Job &operator=(const Job &) = delete;

  const std::string &name() const { return id_.name; }
  /// Throws Error(Exit::cluster), with the reason, if the pod does not start or is gone.
  State look();
  /// What the pod has written so far; empty before it runs. None while the API server does not
  /// tell. Throws Error(Exit::cluster) if that cannot be read.
  std::optional<std::string> log();

private:
  void remove();

  kube::Cluster &cluster_;
  kube::Id id_;
  std::string uid_, pod_;  ///< empty before they are known
  sys::Deadline patience_; ///< for the pod's start
};

} // namespace hello::load
