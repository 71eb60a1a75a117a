#pragma once
#include <memory>

#include "hello/deploy.h"

namespace hello::deploy {

struct Answer {
  bool ok = false;
  std::string where, text; ///< text: the first line of the answer, or what went wrong
};

/// GET of an http:// URL, tried again for some seconds: routes need a moment to be known
/// everywhere.
Answer ask(const std::string &url);

/// A `kubectl port-forward` that ends with this object. It is begun while pods still start, so that
/// the answer is there as soon as the last one is available.
class Forward {
public:
  explicit Forward(kube::Cluster &cluster) : cluster_(cluster) {}
  /// "pod/NAME" or "service/NAME", and the port there. Does not wait; does nothing if already
  /// begun.
  void begin(const std::string &what, const std::string &port);
  bool begun() const { return child_ != nullptr; }
  /// GET / through it.
  Answer ask();

private:
  kube::Cluster &cluster_;
  std::unique_ptr<sys::Child> child_;
};

/// look_after() with a port-forward that may have been begun.
bool look_after(kube::Cluster &cluster, const Set &set, const Options &options,
                const Listener &tell, Forward &forward);

/// The port that the set's first Service sends to, as its pods know it; empty if there is none.
std::string target_port(const Set &set);

} // namespace hello::deploy
