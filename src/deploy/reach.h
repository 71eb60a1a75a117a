#pragma once
#include <map>
#include <optional>
#include <string>

#include "deploy/port_forward.h"
#include "hello/deploy.h"
#include "hello/http_get_at.h"

namespace hello::deploy {

/// What answers at an exposed address.
struct Reached {
  enum class By { release, other, nothing, unchecked } by;
  std::string detail{}; ///< the pod, or why
  /// "answered by pod hello-1 of this release"
  std::string words() const;
  /// "release", "other", "nothing", "unchecked": as the JSON event says it
  std::string_view name() const;
};

/// Asks the addresses that the cluster exposes whether this release answers there.
class Reach {
public:
  using Ask = sys::HttpReply (*)(const std::string &url, const std::string &address,
                                 std::chrono::milliseconds timeout);

  /// `patience`: how long an address that does not answer yet is asked again. `ask`: for tests.
  Reach(kube::Cluster &cluster, std::chrono::seconds patience, Ask ask = sys::http_get_at);
  /// Asks this way, if it is an address.
  std::optional<Reached> ask(const event::Reachable &way);
  /// The answer of the first address that was asked; none: there was no address.
  const std::optional<Response> &first() const { return first_; }

private:
  void find_pods();
  Reached once(const std::string &url, const std::string &address);
  bool is_ours(const std::string &hostname) const;

  kube::Cluster &cluster_;
  Ask ask_;
  sys::Deadline until_;
  std::optional<std::map<std::string, std::string>> pods_; ///< name → address of its node
  std::optional<Response> first_;
};

/// report() that asks the exposed addresses so.
bool report(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit,
            PortForward &forward, Reach &reach);

} // namespace hello::deploy
