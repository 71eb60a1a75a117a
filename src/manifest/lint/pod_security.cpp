// What a pod may do to its node and neighbours. Errors are what Pod Security `restricted` refuses,
// and what an attacker who leaves the container would use; warnings where only the second of two
// levels is missing. Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#include <algorithm>

#include <fmt/core.h>

#include "hello/text.h"
#include "manifest/lint/rules.h"

namespace hello::manifest {
namespace {

constexpr std::int64_t kLowestId = 10000;

/// A field of the security context that stands at both levels, where the container's wins.
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
      lint.error(container, fmt::format("{} is not {}", field.name, field.wanted));
    else if (!own.IsDefined())
      lint.warning(container, fmt::format("{} stands at pod level only", field.name));
  }
  for (const Workload &work : lint.workloads)
    if (!field.is_good(value(work.spec)))
      lint.warning(*work.object,
                   fmt::format("pod: {} is not {}: a container that is added would lack it",
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
      lint.error(container, "readOnlyRootFilesystem is not true");
}

void privileges(Lint &lint) {
  for (const Container &container : lint.containers) {
    const YAML::Node context = at(container.node, "securityContext");
    if (text(context, "allowPrivilegeEscalation") != "false")
      lint.error(container, "allowPrivilegeEscalation is not false");
    if (is_true(context, "privileged")) lint.error(container, "privileged is true");
    if (const auto mount = text(context, "procMount"); !mount.empty() && mount != "Default")
      lint.error(container, "procMount is not Default");
  }
}

void capabilities(Lint &lint) {
  for (const Container &container : lint.containers) {
    const YAML::Node own = at(container.node, "securityContext", "capabilities");
    const auto drop = items(at(own, "drop"));
    if (std::none_of(drop.begin(), drop.end(),
                     [](const YAML::Node &item) { return text(item) == "ALL"; }))
      lint.error(container, "does not drop ALL");
    if (at(own, "add").size() > 0) lint.error(container, "adds some");
  }
}

void host_access(Lint &lint) {
  for (const Container &container : lint.containers)
    for (const YAML::Node &port : items(at(container.node, "ports")))
      if (const auto host = text(port, "hostPort"); !host.empty() && host != "0")
        lint.error(container, "uses a hostPort");
  for (const auto &[object, labels, spec, serves] : lint.workloads) {
    for (const YAML::Node &volume : items(at(spec, "volumes")))
      if (at(volume, "hostPath").IsDefined())
        lint.error(*object, "volume " + text(volume, "name") + " is a path of the node");
    for (const char *field : {"hostNetwork", "hostPID", "hostIPC"})
      if (is_true(spec, field)) lint.error(*object, fmt::format("{} is true", field));
    if (is_true(spec, "shareProcessNamespace"))
      lint.warning(*object, "shareProcessNamespace lets containers read each other's memory");
    if (at(spec, "securityContext", "sysctls").size() > 0)
      lint.warning(*object, "sets sysctls, of which Pod Security restricted allows few");
  }
}

void account_token(Lint &lint) {
  constexpr const char *kField = "automountServiceAccountToken";
  for (const Workload &work : lint.workloads)
    if (text(work.spec, kField) != "false")
      lint.error(*work.object, fmt::format("{} is not false", kField));
  for (const Object *account : lint.all("ServiceAccount"))
    if (text(account->node, kField) != "false")
      lint.error(*account, fmt::format("{} is not false", kField));
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
      lint.error(*work.object, "runs as the namespace's default account");
    else if (!lint.find("ServiceAccount", account) && !is_managed_elsewhere(lint, account))
      lint.error(*work.object, fmt::format("ServiceAccount/{} is not in the set", account));
  }
}

void service_links(Lint &lint) {
  for (const Workload &work : lint.workloads)
    if (text(work.spec, "enableServiceLinks") != "false")
      lint.error(*work.object, "enableServiceLinks is not false");
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
          lint.error(*work.object, fmt::format("volume {}: Pod Security restricted refuses {}",
                                               text(volume, "name"), kind));
      }
  for (const Container &container : lint.containers)
    for (const YAML::Node &mount : items(at(container.node, "volumeMounts")))
      if (const std::string name = text(mount, "name"); !has_volume(*container.work, name))
        lint.error(container, fmt::format("mounts {}, which is no volume of the pod", name));
}

void size_limit(Lint &lint) {
  for (const Workload &work : lint.workloads)
    for (const YAML::Node &volume : items(at(work.spec, "volumes"))) {
      // A volume of no kind is an emptyDir.
      const bool is_empty_dir = at(volume, "emptyDir").IsDefined() || volume.size() < 2;
      if (is_empty_dir && text(volume, "emptyDir", "sizeLimit").empty())
        lint.error(*work.object,
                   "volume " + text(volume, "name") + " is an emptyDir without sizeLimit");
    }
}

void tmp(Lint &lint) {
  for (const Container &container : lint.containers) {
    const auto mounts = items(at(container.node, "volumeMounts"));
    if (container.name == "hello" &&
        std::none_of(mounts.begin(), mounts.end(),
                     [](const YAML::Node &mount) { return text(mount, "mountPath") == "/tmp"; }))
      lint.error(container, "nothing is mounted at /tmp");
  }
}

constexpr LintRule kRules[] = {
    {"run-as-non-root", "a way out of the container should not end as the node's root",
     run_as_non_root},
    {"user-id", "a numeric id of 10000 or above is no user of the node", user_id},
    {"read-only-root", "what cannot be written cannot be changed or filled up", read_only_root},
    {"privileges", "no privileged container and no way to become root by a set-uid file",
     privileges},
    {"capabilities", "serving needs none of the kernel's capabilities", capabilities},
    {"seccomp", "RuntimeDefault keeps some 60 system calls away from the kernel", seccomp},
    {"host-access", "the node's network, processes, ports and files are not the pod's",
     host_access},
    {"account-token", "the service never asks the API server, so it needs no token to lose",
     account_token},
    {"service-account", "an account of its own never gets rights that were meant for others",
     service_account},
    {"service-links",
     "a Service named hello would put HELLO_PORT and its like into the environment", service_links},
    {"volumes", "only kinds that Pod Security restricted allows, each mounted where it is declared",
     volumes},
    {"size-limit", "an emptyDir without one can fill the node's disk", size_limit},
    {"tmp", "with a read-only root, /tmp has to be a volume", tmp},
};

} // namespace

std::span<const LintRule> pod_security_rules() { return kRules; }

} // namespace hello::manifest
