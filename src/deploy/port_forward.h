#pragma once
#include <memory>

#include "hello/deploy.h"

namespace hello::deploy {

struct Response {
  bool ok = false;
  std::string url;
  std::string text; ///< the first line, or what went wrong
};

/// GET of an http:// URL, tried again for `patience`: routes need a moment to become known
/// everywhere.
Response get(kube::Cluster &cluster, const std::string &url,
             std::chrono::seconds patience = std::chrono::seconds(10));

/// A `kubectl port-forward` that ends with this object. It can start while pods still do, so that
/// the response is there as soon as the last one is available.
class PortForward {
public:
  explicit PortForward(kube::Cluster &cluster) : cluster_(cluster) {}
  /// "pod/NAME" or "service/NAME", and the port there. Does not wait; does nothing if already
  /// started.
  void start(const std::string &target, const std::string &port);
  /// Whether it has ended, with its pod for example.
  bool has_ended() { return forward_ && !forward_->is_open(); }
  /// GET through it, tried again for `patience`; `path` begins with "/".
  Response get(const std::string &path = "/",
               std::chrono::seconds patience = std::chrono::seconds(5));

private:
  kube::Cluster &cluster_;
  std::unique_ptr<kube::Forward> forward_;
};

/// report() with a port-forward that may have been started.
bool report(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit,
            PortForward &forward);

/// The path of the page that the set's Deployment serves, with a final slash: "/", or that of
/// `--base-path`.
std::string base_path(const Set &set);

/// The port that the set's first Service sends to, as its pods know it; empty if there is none.
std::string target_port(const Set &set);

} // namespace hello::deploy
