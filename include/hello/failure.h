#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "hello/error.h"

/// Why a request to the cluster failed, as a value that decisions are made of.
namespace hello::kube {

struct Access;

/// Why the cluster, or kubectl, did not do what was asked.
enum class Trouble : std::uint8_t {
  timed_out,             ///< kubectl was ended at the time limit
  unreachable,           ///< no API server answered, or it is not ready
  not_kubernetes,        ///< what answers at the address is no API server
  webhook_silent,        ///< an admission webhook could not be called
  unknown_context,       ///< kubectl has no context of that name
  no_context,            ///< kubectl has no current context, or one without a cluster
  old_kubectl,           ///< it lacks a flag or command
  bad_kubeconfig,        ///< kubectl cannot read its configuration
  no_credentials,        ///< the credential plugin failed
  unauthorized,          ///< HTTP 401
  untrusted_certificate, ///< of the API server
  forbidden,             ///< HTTP 403: RBAC (then Failure::rule is set) or an admission plugin
  not_found,             ///< the object
  no_namespace,          ///< the namespace; Failure::ns says which
  namespace_ending,      ///< the namespace is being removed
  unknown_kind,          ///< the cluster serves no such kind or resource
  conflict,              ///< another manager holds fields; Failure::conflicts says which
  stale,                 ///< a precondition failed: the object was changed or made anew
  already_exists,        ///< an object of that name
  immutable,             ///< the change concerns a field that cannot be changed
  too_many_requests,     ///< HTTP 429
  invalid,               ///< the object, or the request
  other,
};

/// A field that another manager holds.
struct Conflict {
  std::string path;    ///< ".spec.replicas", as the server says it
  std::string manager; ///< the other's name
};

/// What went wrong with one call of kubectl, or one read.
struct Failure {
  Trouble trouble = Trouble::other; ///< the most important one, where several objects failed
  std::string words;                ///< the output of kubectl or the server, each line once
  bool by_kubectl = false;          ///< kubectl itself failed; otherwise the API server refused
  /// No API server answered at least one request, or it failed itself: the same again may succeed.
  bool retryable = false;
  std::chrono::seconds again{1}; ///< too_many_requests: how long the API server asks to wait
  std::string ns;                ///< a namespace that does not exist, whatever the trouble
  std::string rule; ///< forbidden by RBAC: what to do about it, with the rule that would allow it
  /// One inner list for each object that had any, in the order of the set, whatever the trouble.
  std::vector<std::vector<Conflict>> conflicts;

  /// What was asked for does not exist: no such object, namespace or kind.
  bool absent() const {
    return trouble == Trouble::not_found || trouble == Trouble::no_namespace ||
           trouble == Trouble::unknown_kind;
  }
};

/// The failure as an Error(Exit::cluster) with a reason, the words, and a hint. `doing` is "apply
/// the manifests".
Error explain(const Failure &failure, const std::string &doing, const Access &access);

} // namespace hello::kube
