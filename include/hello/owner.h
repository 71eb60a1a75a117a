#pragma once
#include <compare>
#include <set>
#include <string>
#include <vector>

#include "hello/history.h"
#include "hello/kinds.h"

/// Which objects belong to a release. The mark is the annotation kMark in an object's own metadata:
/// "NAMESPACE/NAME" for a release, "NAMESPACE/" for what the releases of a namespace share. A mark
/// alone proves nothing, because objects are copied: what is removed must be applied by the
/// release's field manager too. hello 0.1.0 set no mark; what it made is known by its manager and
/// by its history or labels.
namespace hello::release {

/// An object by group, kind, namespace and name: another version of the same API is the same
/// object.
struct Identity {
  std::string group, kind, ns, name;
  auto operator<=>(const Identity &) const =
      default; // NOLINT(modernize-use-nullptr): clang-tidy 14 errs
};
Identity identity(const kube::Id &id);

kinds::Rank rank(const kube::Id &id);

/// "ConfigMap/other/x", "ClusterRole.rbac.authorization.k8s.io/y": an object as --adopt takes it.
/// Without the namespace where it is `ns`.
std::string reference(const kube::Id &id, const std::string &ns);

/// Whether the object belongs to the namespace rather than to one release.
bool is_shared(const kube::Id &id, const kube::Access &access);
/// Whether the object is cluster-wide or in another namespace.
bool is_outside(const kube::Id &id, const kube::Access &access);
/// The field manager that applies an object of a set.
std::string manager_of(const kube::Id &id, const kube::Access &access);
/// The field manager that holds what hello has of a live object: of what the releases of a
/// namespace share, it may still be that of 0.1.0.
std::string holder_of(const kube::Id &id, const json::Value &live, const kube::Access &access);
/// The set as it is applied: each object with the mark of the release, or of the namespace.
Set marked(Set set, const kube::Access &access);

/// Who an object belongs to, as marks, labels and field managers tell: `release "shop/web"`,
/// `Helm release "web"; field managers: helm, kubectl-edit`.
std::string owner_words(const json::Value &live);

/// Whether client-side kubectl apply has made the object, or changed it.
bool is_applied_by_kubectl(const json::Value &live);

/// Whether an object may be removed by us, or what speaks against it.
struct Ownership {
  enum class State {
    ours,
    not_held,      ///< hello applies no field of it
    other_release, ///< its mark names another release
    only_marked,   ///< it carries the mark, but hello applies no field of it
    unmarked,      ///< hello applies it, but neither mark nor history tell for which release
    applied_too,   ///< another manager applies it
    shared,        ///< another manager made it, or holds the same fields
    unreadable,    ///< the account may not read it
    secret,        ///< a Secret: the history could not bring it back
    extra_fields,  ///< of a namespace: another manager holds fields of it
    unlisted,      ///< of a namespace: not everything in it could be listed
    in_use,        ///< of a namespace: others have made objects in it
    keep,          ///< it carries hello/keep: "true"
    data,          ///< of a kind that is never deleted
    replaced,      ///< another of that name has taken its place
    contested,     ///< it changed each time it was to be removed
    needed,        ///< an account that pods of the set run as
    ran,           ///< a Job that ran, on the way to an earlier set
    going,         ///< it was ours to remove, and is being removed
  } state = State::ours;
  std::string who{}; ///< the other manager or release, what others have made, or the kind
  bool ours() const { return state == State::ours; }
};
/// "\"argocd\" applies it too"
std::string describe(const Ownership &ownership);

/// Why objects are removed: the set no longer has them, or the whole release goes.
enum class Purpose { prune, undeploy };

/// What a release may say of objects.
class Claims {
public:
  /// `history`: that of the release; it tells what 0.1.0 made.
  Claims(kube::Access access, const std::vector<Release> &history);

  /// Whether the release may apply the object as its own.
  bool ours(const kube::Id &id, const json::Value &live) const;
  /// Whether all of the object is the release's, so that it may be removed. Source: kubernetes.io,
  /// Server-Side Apply, "Field management"
  Ownership owner_of(const kube::Id &id, const json::Value &live) const;
  /// owner_of(), and what is never deleted though it is ours: kinds that hold data, what carries
  /// hello/keep, and Secrets by pruning, because the history cannot bring them back.
  Ownership fate_of(const kube::Id &id, const json::Value &live, Purpose purpose) const;

private:
  bool made_by_0_1_0(const kube::Id &id, const json::Value &live) const;

  kube::Access access_;
  std::set<Identity> recorded_;
};

/// Begins the annotation of a namespace that names a release which uses it.
inline constexpr std::string_view kUsedBy = "hello/used-by.";
/// "release web": the other releases that use the namespace, by these annotations.
std::vector<std::string> other_users(const json::Value &ns, const std::string &release);

/// Whether the object, or what a set has of it, is marked to stay.
bool carries_keep(const json::Value &object);

} // namespace hello::release
