// What a pod may do to its node and neighbors. Errors are what Pod Security `restricted` refuses,
// and what an attacker who leaves the container would use; warnings where only the second of two
// levels is missing. Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#include <algorithm>

#include <fmt/core.h>

#include "hello/text.h"
#include "manifest/lint/rules.h"

namespace hello::manifest {
namespace {

constexpr std::int64_t kLowestId = 10000;

/// A field of the security context that can be set at both levels; the container's value wins.
struct Field {
  const char *name;
  const char *wanted;
  bool (*is_good)(const YAML::Node &value);
};

void both_levels(Lint &lint, const Field &field) {
  const auto value = [&](const YAML::Node &of) { return at(of, "securityContext", field.name); };
  for (const Container &container : lint.containers) {
    const YAML::Node own = value(container.node);
    if (!field.is_good(own.IsDefined() ? own : value(container.work->spec)))
      lint.error(container, fmt::format("{} must be {}", field.name, field.wanted));
    else if (!own.IsDefined())
      lint.warning(
          container,
          fmt::format("{} is set for the pod only: set it for the container too", field.name));
  }
  for (const Workload &work : lint.workloads)
    if (!field.is_good(value(work.spec)))
      lint.warning(*work.object,
                   fmt::format("pod: {} must be {}, for containers that are added later",
                               field.name, field.wanted));
}

void run_as_non_root(Lint &lint) {
  both_levels(lint, {"runAsNonRoot", "true",
                     [](const YAML::Node &value) { return text(value) == "true"; }});
}

void user_id(Lint &lint) {
  for (const char *name : {"runAsUser", "runAsGroup"})
    both_levels(lint, {name, "10000 or above", [](const YAML::Node &value) {
                         return text::integer(text(value), kLowestId).has_value();
                       }});
}

void seccomp(Lint &lint) {
  both_levels(lint, {"seccompProfile", "RuntimeDefault", [](const YAML::Node &value) {
                       const std::string type = text(value, "type");
                       return type == "RuntimeDefault" || type == "Localhost";
                     }});
}

void read_only_root(Lint &lint) {
  for (const Container &container : lint.containers)
    if (!is_true(container.node, "securityContext", "readOnlyRootFilesystem"))
      lint.error(container, "readOnlyRootFilesystem must be true");
}

void privileges(Lint &lint) {
  for (const Container &container : lint.containers) {
    const YAML::Node context = at(container.node, "securityContext");
    if (text(context, "allowPrivilegeEscalation") != "false")
      lint.error(container, "allowPrivilegeEscalation must be false");
    if (is_true(context, "privileged")) lint.error(container, "privileged must not be true");
    if (const auto mount = text(context, "procMount"); !mount.empty() && mount != "Default")
      lint.error(container, "procMount must be Default");
  }
}

void capabilities(Lint &lint) {
  for (const Container &container : lint.containers) {
    const YAML::Node own = at(container.node, "securityContext", "capabilities");
    const auto drop = items(at(own, "drop"));
    if (std::none_of(drop.begin(), drop.end(),
                     [](const YAML::Node &item) { return text(item) == "ALL"; }))
      lint.error(container, "capabilities.drop must include ALL");
    if (at(own, "add").size() > 0) lint.error(container, "capabilities.add must be empty");
  }
}

void host_access(Lint &lint) {
  for (const Container &container : lint.containers)
    for (const YAML::Node &port : items(at(container.node, "ports")))
      if (const auto host = text(port, "hostPort"); !host.empty() && host != "0")
        lint.error(container, "hostPort must not be set");
  for (const auto &[object, labels, spec, serves] : lint.workloads) {
    for (const YAML::Node &volume : items(at(spec, "volumes")))
      if (at(volume, "hostPath").IsDefined())
        lint.error(*object,
                   "volume " + text(volume, "name") + " is a hostPath: use another type of volume");
    for (const char *field : {"hostNetwork", "hostPID", "hostIPC"})
      if (is_true(spec, field)) lint.error(*object, fmt::format("{} must not be true", field));
    if (is_true(spec, "shareProcessNamespace"))
      lint.warning(*object, "shareProcessNamespace lets containers read each other's memory");
    if (at(spec, "securityContext", "sysctls").size() > 0)
      lint.warning(*object, "sets sysctls: Pod Security restricted allows only a few");
  }
}

void account_token(Lint &lint) {
  constexpr const char *kField = "automountServiceAccountToken";
  for (const Workload &work : lint.workloads)
    if (text(work.spec, kField) != "false")
      lint.error(*work.object, fmt::format("{} must be false", kField));
  for (const Object *account : lint.all("ServiceAccount"))
    if (text(account->node, kField) != "false")
      lint.error(*account, fmt::format("{} must be false", kField));
}

/// Whether the settings say that someone else manages the account.
bool is_managed_elsewhere(const Lint &lint, const std::string &account) {
  return !lint.config.boolean("serviceAccount.create") &&
         account == lint.config.text("serviceAccount.name");
}

void service_account(Lint &lint) {
  for (const Workload &work : lint.workloads) {
    const std::string account = text(work.spec, "serviceAccountName");
    if (account.empty() || account == "default")
      lint.error(*work.object, "runs as the namespace's default account: set serviceAccountName");
    else if (!lint.find("ServiceAccount", account) && !is_managed_elsewhere(lint, account))
      lint.error(*work.object, fmt::format("ServiceAccount/{} is not in the manifests", account));
  }
}

void service_links(Lint &lint) {
  for (const Workload &work : lint.workloads)
    if (text(work.spec, "enableServiceLinks") != "false")
      lint.error(*work.object, "enableServiceLinks must be false");
}

bool has_volume(const Workload &work, const std::string &name) {
  const auto all = items(at(work.spec, "volumes"));
  return std::any_of(all.begin(), all.end(),
                     [&](const YAML::Node &volume) { return text(volume, "name") == name; });
}

void volumes(Lint &lint) {
  // hostPath has a rule of its own.
  constexpr std::string_view kKinds[] = {
      "name",      "hostPath",    "configMap", "csi",
      "emptyDir",  "ephemeral",   "secret",    "persistentVolumeClaim",
      "projected", "downwardAPI", "image"};
  for (const Workload &work : lint.workloads)
    for (const YAML::Node &volume : items(at(work.spec, "volumes")))
      for (const auto &entry : volume) {
        const std::string kind = entry.first.Scalar();
        if (std::find(std::begin(kKinds), std::end(kKinds), kind) == std::end(kKinds))
          lint.error(*work.object,
                     fmt::format("volume {}: Pod Security restricted does not allow {}",
                                 text(volume, "name"), kind));
      }
  for (const Container &container : lint.containers)
    for (const YAML::Node &mount : items(at(container.node, "volumeMounts")))
      if (const std::string name = text(mount, "name"); !has_volume(*container.work, name))
        lint.error(container, fmt::format("mounts {}, but the pod has no such volume", name));
}

void size_limit(Lint &lint) {
  for (const Workload &work : lint.workloads)
    for (const YAML::Node &volume : items(at(work.spec, "volumes"))) {
      // A volume of no kind is an emptyDir.
      const bool is_empty_dir = at(volume, "emptyDir").IsDefined() || volume.size() < 2;
      const std::string limit = text(volume, "emptyDir", "sizeLimit");
      if (is_empty_dir && (limit.empty() || text::Quantity::parse(limit) ==
                                                *text::Quantity::parse("0"))) // 0 is none
        lint.error(*work.object, "volume " + text(volume, "name") + ": set emptyDir.sizeLimit");
    }
}

void tmp(Lint &lint) {
  for (const Container &container : lint.containers) {
    const auto mounts = items(at(container.node, "volumeMounts"));
    if (container.name == "hello" &&
        std::none_of(mounts.begin(), mounts.end(),
                     [](const YAML::Node &mount) { return text(mount, "mountPath") == "/tmp"; }))
      lint.error(container, "no volume is mounted at /tmp");
  }
}

constexpr LintRule kRules[] = {
    {"run-as-non-root", "a process that escapes its container must not be root on the node",
     run_as_non_root},
    {"user-id", "use IDs of 10000 or above: lower ones may belong to a user of the node", user_id},
    {"read-only-root",
     "with a read-only root, an attacker cannot change the program or fill the disk",
     read_only_root},
    {"privileges", "no container may be privileged, or become root through a set-uid file",
     privileges},
    {"capabilities", "serving HTTP needs no kernel capabilities: drop them all", capabilities},
    {"seccomp", "the profile RuntimeDefault blocks about 60 dangerous system calls", seccomp},
    {"host-access", "a pod must not use the network, processes, ports or files of its node",
     host_access},
    {"account-token",
     "the service never calls the API server: a token in the pod could only be stolen",
     account_token},
    {"service-account", "a shared account may have permissions that were meant for other pods",
     service_account},
    {"service-links",
     "a Service named hello would add variables such as HELLO_PORT to the environment",
     service_links},
    {"volumes",
     "use the volume types that Pod Security restricted allows, and declare what you mount",
     volumes},
    {"size-limit", "an emptyDir without sizeLimit can fill the node's disk", size_limit},
    {"tmp", "with a read-only root filesystem, only a volume at /tmp can be written to", tmp},
};

} // namespace

std::span<const LintRule> pod_security_rules() { return kRules; }

} // namespace hello::manifest
