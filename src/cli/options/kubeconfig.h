#pragma once
#include <string>
#include <vector>

/// What completion reads of kubectl's configuration without running kubectl.
namespace hello::cli {

struct KubeContext {
  std::string name, cluster, user, ns;
};

struct Kubeconfig {
  std::vector<KubeContext> contexts;
  std::string current;
  std::vector<std::string> plain_users; ///< those without exec and auth-provider

  const KubeContext *find(const std::string &name) const;
  /// Whether kubectl would run no plugin, which may ask for a password, to reach the context.
  bool is_plain(const KubeContext &context) const;
};

/// The files of KUBECONFIG, or ~/.kube/config; the first value counts, as kubectl has it. What
/// cannot be read is left out.
Kubeconfig read_kubeconfig();

} // namespace hello::cli
