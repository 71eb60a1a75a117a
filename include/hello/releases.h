#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hello/history.h"

/// Which releases there are.
namespace hello::release {

/// A release in a namespace: its history, its Deployment, or both.
struct Listed {
  std::string ns, name;
  std::optional<Release> newest; ///< with its status; none: its history is lost
  /// Of its Deployment; none: there is none, or it may not be read.
  struct Pods {
    std::int64_t wanted = 0, available = 0;
    std::string image;
  };
  std::optional<Pods> pods;

  /// What runs, or what the newest revision wanted to run.
  std::string image() const;
};

/// The releases of a namespace, by namespace and name; of all namespaces if `ns` is empty.
kube::Result<std::vector<Listed>> list_releases(kube::Cluster &cluster, const std::string &ns);

/// Whether the namespace has other releases, or may have: they may not be listed. Throws
/// Error(Exit::cluster) if the cluster gives no answer.
bool has_others(kube::Cluster &cluster);

/// Throws Error(Exit::usage) if the cluster's release is not there, and names those that are. Does
/// nothing if that cannot be read.
void require_release(kube::Cluster &cluster);

} // namespace hello::release
