#pragma once
#include <optional>
#include <string>
#include <string_view>

/// Every name that derives from the name of a release. Several releases may share a namespace, so
/// their names never meet: the setting `name` refuses the words that would (handover, shared,
/// default-deny, …-handover). Those of the release "hello" are what 0.1.0 used.
namespace hello::names {

/// The release, unless the setting `name` says otherwise.
inline constexpr std::string_view kDefault = "hello";

// Objects. What each release has once (Deployment, Service, Ingress, …) has the release's name.

std::string message_config(std::string_view release); ///< the message's ConfigMap
std::string log_agent(std::string_view release);      ///< ConfigMap of the agent in the pod
std::string tls_secret(std::string_view release);     ///< Secret that cert-manager makes
std::string deployer(std::string_view release);       ///< the account of a pipeline
std::string lease(std::string_view release);          ///< held by the one who writes

/// Whether an object of a set belongs to the namespace rather than to one release: the release's
/// own Namespace `ns`, its default-deny policy, ResourceQuota and LimitRange. Not a custom kind of
/// the same name, such as Calico's NetworkPolicy.
bool is_shared(std::string_view api_version, std::string_view kind, std::string_view name,
               std::string_view ns);
inline constexpr std::string_view kDefaultDeny = "default-deny"; ///< the shared NetworkPolicy
inline constexpr std::string_view kLimits = "hello"; ///< the shared ResourceQuota and LimitRange

// Field managers

std::string manager(std::string_view release);
std::string handover(std::string_view release); ///< holds replicas while they pass to an autoscaler
inline constexpr std::string_view kSharedManager = "hello-shared";

// The history: one ControllerRevision for each revision

std::string entry(std::string_view release, int revision); ///< "hello-release-12"
struct Entry {
  std::string release;
  int revision;
};
/// What entry() was given; none for another name.
std::optional<Entry> read_entry(std::string_view name);

// Labels and selectors

inline constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by"; ///< "hello"
inline constexpr std::string_view kInstance = "app.kubernetes.io/instance"; ///< the release's name
inline constexpr std::string_view kName = "app.kubernetes.io/name";         ///< "hello"
/// Selects what a release has. Shared objects have the instance "hello", whoever made them.
std::string objects_selector(std::string_view release);
std::string pods_selector(std::string_view release);
/// Selects the histories of all releases. An entry of the release "hello" names no instance.
inline constexpr std::string_view kEntries =
    "app.kubernetes.io/managed-by=hello,app.kubernetes.io/component=release";

} // namespace hello::names
