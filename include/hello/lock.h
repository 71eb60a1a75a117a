#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "hello/history.h"
#include "hello/kube.h"

/// One writer at a time: a Lease NAME-release in the release's namespace, from just before the
/// first write to the last. Nothing ever needs unlocking: a holder that does not renew it for a
/// while is dead, and is replaced.
namespace hello::release {

/// Tells living holders of leases from dead ones by their renewals alone: clocks are not compared.
class Pulse {
public:
  /// Whether a living holder has the release's lease; also true where that may not be read. The
  /// first look at a held lease waits for a renewal, at most for Lock::kWatch; later looks do not
  /// wait.
  bool beats(kube::Cluster &cluster, const kube::Access &release);
  /// set_status() of a release's history, newest first. Only a newest revision that has not ended
  /// needs a look at the lease.
  void set_status(kube::Cluster &cluster, const kube::Access &release, std::vector<Release> &all);

private:
  struct Seen {
    std::string version;
    sys::Deadline since;
  };
  std::map<std::string, Seen> seen_; ///< by namespace and lease
};

/// Throws Error(Exit::rollout) if the release's namespace is gone or on its way out.
void check_namespace(kube::Cluster &cluster);

class Lock {
public:
  static constexpr std::chrono::milliseconds kRenewal{2000};
  static constexpr std::chrono::seconds kWatch{6}; ///< how long a held lease is watched

  enum class Taken { at_once, after_wait };
  using Say = std::function<void(const std::string &text)>;

  /// `warn` and `note` tell people what happens. Main thread, as all of it.
  Lock(kube::Cluster &cluster, Say warn, Say note, std::chrono::milliseconds renewal = kRenewal);
  /// Lets go, if it is held.
  ~Lock();
  Lock(const Lock &) = delete;
  Lock &operator=(const Lock &) = delete;

  /// Takes the lease, and renews it on a thread of its own. Where another holds it, watches for
  /// kWatch, without comparing clocks: a renewal is an Error(Exit::cluster) that names who, where
  /// and since when; no renewal means that the holder is dead, and it is replaced. Where leases may
  /// not be written, one warning, and the run goes on without. Does nothing if it was taken.
  Taken take();
  /// Throws Error(Exit::cluster) if another has taken it over; warns if it may not be renewed.
  /// Main thread. From take() on, the cluster calls this before each write.
  void check();
  /// Removes the lease, unless it was lost. Never fails.
  void release();

private:
  kube::Result<kube::Done> create();
  /// Waits until the lease is free, or its holder shows that it is dead or alive.
  kube::Result<kube::Done> watch();
  /// Whether this account may not do it; warns of that.
  bool is_forbidden(const kube::Failure &failure, const char *doing);
  /// Writes a new renewal into the lease that was read last.
  kube::Result<kube::Done> write(const json::Value &last);
  void renew(); ///< any thread
  void renew_until_released();
  json::Value body(const json::Value &last) const;

  kube::Cluster &cluster_;
  Say warn_, note_;
  std::chrono::milliseconds renewal_;
  kube::Id id_;
  std::string holder_, since_;
  std::mutex renewing_;
  json::Value last_; ///< under renewing_, once the thread runs
  /// Others watch for so long before they take it. Past it, no write without a renewal.
  std::atomic<sys::Deadline> sure_until_{sys::Deadline::max()};
  bool held_ = false;
  std::atomic<bool> lost_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;                    ///< under mutex_
  std::optional<kube::Failure> forbidden_; ///< under mutex_: why it cannot be renewed
  std::thread thread_;
};

} // namespace hello::release
