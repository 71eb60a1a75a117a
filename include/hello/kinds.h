#pragma once
#include <span>
#include <string_view>

/// The kinds of Kubernetes objects that hello knows, in one table.
namespace hello::kinds {

struct Kind {
  enum Trait : unsigned {
    in_set = 1,       ///< the settings can make one; namespaced, listed for the plan, and pruned
    watched = 2,      ///< `hello status --watch` follows it
    has_pods = 4,     ///< runs pods, which lint checks
    cluster_wide = 8, ///< has no namespace
    first = 16,       ///< applied before the others, which need it
    holds_data = 32,  ///< never deleted: data of others would go with it
  };

  std::string_view api_version, name;
  unsigned traits;

  bool is(Trait trait) const { return (traits & trait) != 0; }
};

/// The table, in the order people read it. A new kind of object in the set needs a row, a template,
/// and a rule in templates/deployer/role.yaml.
std::span<const Kind> all();

/// Whether the table gives `kind` that trait; false for a kind that is not in the table.
bool is(std::string_view kind, Kind::Trait trait);

/// When an object of this kind is applied: lower ranks first, since others need them. Removal goes
/// the other way.
enum class Rank {
  ns,
  definition, ///< CustomResourceDefinitions
  standard,   ///< classes, quotas, limits
  policy,     ///< NetworkPolicies, before any pod
  account,
  data,  ///< Secrets, ConfigMaps, volumes and claims
  right, ///< roles and bindings
  service,
  workload,
  scale,    ///< autoscalers and budgets
  route,    ///< Ingresses, routes
  api,      ///< APIServices
  custom,   ///< custom resources
  admission ///< webhooks and admission policies, which could refuse the rest
};
Rank rank(std::string_view api_version, std::string_view kind);

/// The part of "apps/v1" before the slash; empty for the core group.
std::string_view group(std::string_view api_version);

/// Whether the group is one that definitions add, and not one of Kubernetes itself.
bool is_custom(std::string_view api_version);

/// Whether a custom kind only has the name of one in the table, as Knative's Service does.
bool is_namesake(std::string_view api_version, std::string_view kind);

} // namespace hello::kinds
