#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>
#include <optional>

#include <fmt/core.h>

#include "check/context.h"
#include "hello/text.h"

namespace hello::check {
namespace {

using std::chrono::seconds;

constexpr int kMostPods = 12; ///< in each namespace
constexpr std::string_view kPrefix = "hello-check-";
constexpr int kMostBlind = 20; ///< half a second each
constexpr int kMostSilent = 2;

/// All kinds that a run makes; those that hold pods first.
constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
    {"autoscaling/v2", "HorizontalPodAutoscaler"},
    {"apps/v1", "Deployment"},
    {"v1", "Pod"},
    {"networking.k8s.io/v1", "Ingress"},
    {"gateway.networking.k8s.io/v1", "HTTPRoute"},
    {"v1", "Service"},
    {"policy/v1", "PodDisruptionBudget"},
    {"v1", "PersistentVolumeClaim"},
    {"monitoring.coreos.com/v1", "PodMonitor"},
    {"monitoring.coreos.com/v1", "PrometheusRule"},
    {"v1", "ConfigMap"},
    {"v1", "ServiceAccount"},
    {"networking.k8s.io/v1", "NetworkPolicy"},
    {"v1", "LimitRange"},
    {"v1", "ResourceQuota"},
};

constexpr std::string_view kLimits = R"({"apiVersion": "v1", "kind": "LimitRange", "metadata":
{"name": "check-limits"}, "spec": {"limits": [{"type": "Container", "default": {"cpu": "500m",
"memory": "128Mi"}, "defaultRequest": {"cpu": "50m", "memory": "32Mi"}}]}})";

/// "1200m" for 12 pods of "100m"; whole numbers stay whole.
std::string times(const std::string &amount, int count, bool is_cpu) {
  const auto parsed = text::Quantity::parse(amount);
  const double value = parsed ? parsed->value() : 0;
  if (is_cpu) return fmt::format("{}m", static_cast<std::int64_t>(std::ceil(value * 1000 * count)));
  return std::to_string(static_cast<std::int64_t>(std::ceil(value * count)));
}

std::string quota(const Context &context) {
  const config::Config &user = context.user;
  const int balancers = context.runs("load-balancer") ? 1 : 0;
  std::string hard =
      fmt::format(R"("pods": "{}", "services.loadbalancers": "{}", "services.nodeports": "{}")",
                  kMostPods, balancers, balancers + (context.runs("node-port") ? 1 : 0));
  for (const std::string_view what :
       {"requests.cpu", "requests.memory", "limits.cpu", "limits.memory"}) {
    const std::string amount = user.text("resources." + std::string(what));
    if (!amount.empty())
      hard += fmt::format(R"(, "{}": "{}")", what, times(amount, kMostPods, what.ends_with("cpu")));
  }
  return R"({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "check-quota"},)"
         R"( "spec": {"hard": {)" +
         hard + "}}}";
}

std::string namespace_json(const std::string &name) {
  return fmt::format(
      R"({{"apiVersion": "v1", "kind": "Namespace", "metadata": {{"name": "{}", "labels": )"
      R"({{"pod-security.kubernetes.io/enforce": "restricted", "app.kubernetes.io/managed-by": )"
      R"("hello-check"}}}}}})",
      name);
}

/// Removes an object if it is of this run, or of any run whose time is over. Nothing: it is gone.
std::optional<kube::Failure> remove_one(kube::Cluster &cluster, const kube::Id &id,
                                        const std::string &run, std::string_view now) {
  const auto found = cluster.read(id);
  if (!found) {
    if (found.failure().absent()) return std::nullopt;
    return found.failure();
  }
  const json::Value &metadata = found->at("metadata");
  const std::string expires = metadata.text("annotations", kExpires);
  const bool over = run.empty() && !expires.empty() && expires < now;
  if (!over && (run.empty() || metadata.text("labels", kRunLabel) != run)) return std::nullopt;
  const auto gone = cluster.remove(id, {.uid = metadata.text("uid"), .resource_version = ""},
                                   cluster.now() + seconds(30));
  if (gone || gone.failure().absent()) return std::nullopt;
  return gone.failure();
}

/// ": why", where a namespace that is being removed says what it waits for, such as an extension of
/// the API server that does not answer.
std::string hold_up_of(kube::Cluster &cluster, const kube::Id &id) {
  const auto found = cluster.read(id);
  if (!found) return "";
  for (const json::Value &one : found->at("status", "conditions").items())
    if (one.text("status") == "True") return ": it waits: " + one.text("message");
  return "";
}

/// Waits until objects are gone. Returns those that stay.
std::vector<std::string> await_end(kube::Cluster &cluster, std::vector<kube::Id> ids,
                                   seconds time) {
  int blind = 0; // rounds in which nothing could be read
  for (const sys::Deadline end = cluster.now() + time;;) {
    bool sees = false;
    std::erase_if(ids, [&](const kube::Id &id) {
      const auto found = cluster.read(id);
      sees |= found || found.failure().absent();
      return !found && found.failure().absent();
    });
    blind = sees ? 0 : blind + 1;
    if (ids.empty() || blind > kMostBlind || cluster.now() >= end) break;
    cluster.sleep(std::chrono::milliseconds(500));
  }
  std::vector<std::string> left;
  left.reserve(ids.size());
  for (const kube::Id &id : ids)
    left.push_back(id.text() + (id.ns.empty() ? "" : " in " + id.ns) + hold_up_of(cluster, id));
  return left;
}

/// The pods with the label of a run, or of any.
std::vector<kube::Id> pods_of(kube::Cluster &cluster, const std::string &ns,
                              const std::string &run) {
  std::vector<kube::Id> found;
  cluster.list({"v1", "Pod", ns}, [&](json::Value &&pod) {
    if (pod.text("metadata", "labels", kRunLabel) == run)
      found.push_back({"v1", "Pod", ns, pod.text("metadata", "name")});
  });
  return found;
}

/// What is in a namespace and was not made by a check or by Kubernetes.
std::string foreign(kube::Cluster &cluster, const std::string &ns) {
  const auto all = cluster.objects_in(ns);
  if (!all) return "its objects cannot be listed: " + all.failure().words;
  for (const kube::Occupant &one : *all) {
    const bool kubernetes = (one.kind == "ConfigMap" && one.name == "kube-root-ca.crt") ||
                            (one.kind == "ServiceAccount" && one.name == "default");
    const bool owned = !one.owners.empty() && !one.owned_outside;
    if (!owned && !kubernetes && !one.name.starts_with("check-"))
      return fmt::format("it holds {}/{}, which no check made", one.kind, one.name);
  }
  return "";
}

} // namespace

namespace {

/// Which other run uses a prepared namespace now; empty: none. The quota is made first and removed
/// last.
std::string other_run(Context &context, const std::string &ns) {
  const auto quota = context.read({"v1", "ResourceQuota", ns, "check-quota"});
  if (!quota) return "";
  const json::Value &metadata = quota->at("metadata");
  const std::string other = metadata.text("labels", kRunLabel);
  const bool over = metadata.text("annotations", kExpires) < text::utc(std::time(nullptr));
  return over || other == context.run ? "" : other;
}

} // namespace

std::string make_place(Context &context) {
  const bool own = context.options.namespaces.empty();
  for (const std::string &ns : {context.a, context.b}) {
    if (!own) {
      const auto found = context.read({"v1", "Namespace", "", ns});
      if (!found || found->text("metadata", "labels", kRunLabel) != "allowed")
        return fmt::format("namespace {} {}; 'hello render --deployer --check --namespaces {},{}' "
                           "prints what an administrator prepares",
                           ns,
                           found ? "has no label hello/check: allowed"
                                 : "cannot be read: " + context.words_of(found.failure()),
                           context.a, context.b);
      if (const std::string other = other_run(context, ns); !other.empty())
        return fmt::format("run {} uses namespace {}; if it was killed, remove it: 'hello check "
                           "--namespaces {},{} --cleanup {}'",
                           other, ns, context.a, context.b, other);
    } else if (const auto made = context.apply(namespace_json(ns), ""); !made) {
      return "cannot make namespace " + ns + ": " + context.words_of(made.failure());
    }
    for (const std::string &json : {quota(context), std::string(kLimits)})
      if (const auto made = context.apply(json, ns); !made)
        return "cannot limit namespace " + ns + ": " + context.words_of(made.failure());
  }
  return "";
}

namespace {

/// What a run removes, and in which order: what costs money first. Everything in a namespace that
/// the run has made goes with that.
std::vector<kube::Id> order_of(const Context &context) {
  const bool own = context.options.namespaces.empty();
  std::vector<kube::Id> order = context.costly();
  for (auto id = context.made().rbegin(); id != context.made().rend(); ++id)
    if ((!own || id->kind == "Namespace") &&
        std::find(order.begin(), order.end(), *id) == order.end())
      order.push_back(*id);
  return order;
}

bool is_silence(const kube::Failure &failure) {
  return failure.trouble == kube::Trouble::unreachable ||
         failure.trouble == kube::Trouble::timed_out;
}

} // namespace

std::vector<std::string> remove_all(Context &context) {
  kube::Cluster &cluster = context.cluster;
  std::vector<std::string> left;
  std::vector<kube::Id> waiting;
  const bool own = context.options.namespaces.empty();
  int silent = 0; // requests in a row that the API server did not answer
  for (const kube::Id &id : order_of(context)) {
    const bool own_namespace = own && id.kind == "Namespace";
    std::string why = "the API server does not answer";
    if (silent < kMostSilent || own_namespace) {
      const auto failure = remove_one(cluster, id, context.run, "");
      silent = failure && is_silence(*failure) ? silent + 1 : 0;
      why = failure ? failure->words : "";
    }
    // kubectl may still write where its proxy no longer reads; the name has this run's random id
    if (own_namespace && !why.empty() && cluster.remove(id, {}, cluster.now() + seconds(30)))
      why.clear();
    if (why.empty())
      waiting.push_back(id);
    else if (!own || own_namespace)
      left.push_back(id.text() + ": " + why);
  }
  if (!own && silent == 0)
    for (const std::string &ns : {context.a, context.b})
      for (kube::Id &pod : pods_of(cluster, ns, context.run)) waiting.push_back(std::move(pod));
  for (std::string &one : await_end(cluster, waiting, seconds(180))) left.push_back(std::move(one));
  return left;
}

namespace {

/// What a clean-up found.
struct Found {
  std::vector<std::string> removed, left;
  std::vector<kube::Id> going;

  /// `why`: it could not be removed; empty: it goes.
  void take(const kube::Id &id, const std::string &why) {
    if (!why.empty()) return left.push_back(id.text() + ": " + why);
    removed.push_back(id.text());
    going.push_back(id);
  }
};

/// What cannot be listed may hold leftovers.
void list(kube::Cluster &cluster, const kube::Collection &collection, Found &found,
          const kube::TakeValue &take) {
  const auto failure = cluster.list(collection, take);
  if (failure && !failure->absent())
    found.left.push_back(fmt::format("{}{}{}: cannot be listed: {}", collection.kind,
                                     collection.ns.empty() ? "" : " in ", collection.ns,
                                     failure->words));
}

bool is_over(const json::Value &object, std::string_view now) {
  const std::string expires = object.text("metadata", "annotations", kExpires);
  return !expires.empty() && expires < now;
}

/// Removes what is over in a prepared namespace, or of `run`.
void clean_inside(kube::Cluster &cluster, const std::string &ns, const std::string &run,
                  std::string_view now, Found &found) {
  for (const auto &row : kKinds) {
    const std::string api_version(row.first), kind(row.second);
    std::vector<std::pair<kube::Id, std::string>> ids;
    list(cluster, {api_version, kind, ns}, found, [&](json::Value &&object) {
      const bool named = !run.empty() && object.text("metadata", "labels", kRunLabel) == run;
      if (named || is_over(object, now))
        ids.push_back({{api_version, kind, ns, object.text("metadata", "name")}, named ? run : ""});
    });
    for (const auto &[id, whose] : ids) {
      const auto failure = remove_one(cluster, id, whose, now);
      found.take(id, failure ? failure->words : "");
    }
  }
}

/// Removes namespaces that runs have made and whose time is over; `name` is one that is not, or
/// its run.
void clean_namespaces(kube::Cluster &cluster, const std::string &name, std::string_view now,
                      Found &found) {
  std::map<std::string, std::string> own; // name → uid
  list(cluster, {"v1", "Namespace", ""}, found, [&](json::Value &&object) {
    const json::Value &metadata = object.at("metadata");
    const std::string ns = metadata.text("name"), run = metadata.text("labels", kRunLabel);
    if (!ns.starts_with(kPrefix) || run.empty() || run == "allowed") return;
    if (is_over(object, now) || ns == name || run == name) own[ns] = metadata.text("uid");
  });
  for (const auto &[ns, uid] : own) {
    std::string why = foreign(cluster, ns);
    const kube::Id id{"v1", "Namespace", "", ns};
    if (why.empty()) {
      const auto gone =
          cluster.remove(id, {.uid = uid, .resource_version = ""}, cluster.now() + seconds(30));
      if (!gone && !gone.failure().absent()) why = gone.failure().words;
    }
    found.take(id, why);
  }
}

} // namespace

std::vector<std::string> clean_up(kube::Cluster &cluster, std::span<const std::string> namespaces,
                                  const std::string &name, std::vector<std::string> &left) {
  const std::string now = text::utc(std::time(nullptr));
  Found found;
  for (const std::string &ns : namespaces) clean_inside(cluster, ns, name, now, found);
  if (namespaces.empty()) clean_namespaces(cluster, name, now, found);
  for (std::string &one : await_end(cluster, found.going, seconds(180)))
    found.left.push_back(std::move(one));
  left = std::move(found.left);
  return std::move(found.removed);
}

} // namespace hello::check
