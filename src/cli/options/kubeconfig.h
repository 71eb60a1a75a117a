#pragma once
#include <string>
#include <vector>

/// What completion and the first call of a credential plugin read of kubectl's configuration
/// without running kubectl.
namespace hello::cli {

struct KubeContext {
  std::string name, cluster, user, ns;
};

struct Kubeconfig {
  std::vector<KubeContext> contexts;
  std::string current;
  std::vector<std::string> plugin_users; ///< those with exec or auth-provider

  const KubeContext *find(const std::string &name) const;
  /// Whether kubectl runs a plugin, which may ask for a password, to reach the context.
  bool has_plugin(const KubeContext &context) const;
};

/// The files of KUBECONFIG, or ~/.kube/config; the first value counts, as kubectl has it. What
/// cannot be read is left out.
Kubeconfig read_kubeconfig();

} // namespace hello::cli
