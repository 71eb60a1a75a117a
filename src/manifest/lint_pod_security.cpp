// What a pod may do to its node and neighbours. Errors are what Pod Security `restricted` refuses,
// and what a way out of the container would use; warnings where only the second of two levels is
// missing. Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "hello/text.h"
#include "manifest/lint.h"

namespace hello::manifest {
namespace {

constexpr std::int64_t kLowestId = 10000;

/// A rule on a field that stands at both levels of the security context, where the container's
/// wins.
template <class Good> void both_levels(Lint &lint, const Workload &work, std::string_view rule,
                                       const char *field, const std::string &want,
                                       const Good &good) {
  const YAML::Node pod = at(work.spec, "securityContext", field);
  for (const YAML::Node &container : work.containers) {
    const YAML::Node own = at(container, "securityContext", field);
    if (!good(own.IsDefined() ? own : pod))
      lint.error(rule, *work.object,
                 fmt::format("{}: {} is not {}", container_name(container), field, want));
    else if (!own.IsDefined())
      lint.warning(
          rule, *work.object,
          fmt::format("{}: {} stands at pod level only", container_name(container), field));
  }
  if (!good(pod))
    lint.warning(
        rule, *work.object,
        fmt::format("pod: {} is not {}: a container that is added would lack it", field, want));
}

bool high_id(const YAML::Node &node) { return text::integer(text(node), kLowestId).has_value(); }

void container_rules(Lint &lint, const Workload &work, const YAML::Node &container) {
  const YAML::Node context = at(container, "securityContext");
  const auto error = [&](std::string_view rule, const char *what) {
    lint.error(rule, *work.object, fmt::format("{}: {}", container_name(container), what));
  };
  if (!is_true(context, "readOnlyRootFilesystem"))
    error("read-only-root", "readOnlyRootFilesystem is not true");
  if (text(context, "allowPrivilegeEscalation") != "false")
    error("privileges", "allowPrivilegeEscalation is not false");
  if (is_true(context, "privileged")) error("privileges", "privileged is true");
  if (const auto mount = text(context, "procMount"); !mount.empty() && mount != "Default")
    error("privileges", "procMount is not Default");
  const YAML::Node drop = at(context, "capabilities", "drop");
  if (!drop.IsDefined() ||
      std::none_of(drop.begin(), drop.end(), [](const auto &item) { return text(item) == "ALL"; }))
    error("capabilities", "does not drop ALL");
  if (at(context, "capabilities", "add").size() > 0) error("capabilities", "adds some");
  for (const YAML::Node &port : items(at(container, "ports")))
    if (const auto host = text(port, "hostPort"); !host.empty() && host != "0")
      error("host-access", "uses a hostPort");
}

void volume_rules(Lint &lint, const Workload &work) {
  constexpr std::array allowed = {"name",
                                  "configMap",
                                  "csi",
                                  "downwardAPI",
                                  "emptyDir",
                                  "ephemeral",
                                  "persistentVolumeClaim",
                                  "projected",
                                  "secret",
                                  "image"};
  std::vector<std::string> names;
  for (const YAML::Node &volume : items(at(work.spec, "volumes"))) {
    const std::string name = text(volume, "name");
    names.push_back(name);
    for (const auto &entry : volume) {
      const std::string kind = entry.first.Scalar();
      if (kind == "hostPath")
        lint.error("host-access", *work.object, "volume " + name + " is a path of the node");
      else if (std::find(allowed.begin(), allowed.end(), kind) == allowed.end())
        lint.error("volumes", *work.object,
                   fmt::format("volume {}: Pod Security restricted refuses {}", name, kind));
    }
    // a volume that says nothing is an emptyDir
    if ((at(volume, "emptyDir").IsDefined() || volume.size() < 2) &&
        text(volume, "emptyDir", "sizeLimit").empty())
      lint.error("size-limit", *work.object,
                 "volume " + name + " is an emptyDir without sizeLimit");
  }
  for (const YAML::Node &container : work.containers) {
    bool tmp = false;
    for (const YAML::Node &mount : items(at(container, "volumeMounts"))) {
      tmp = tmp || text(mount, "mountPath") == "/tmp";
      if (const auto name = text(mount, "name");
          std::find(names.begin(), names.end(), name) == names.end())
        lint.error("volumes", *work.object,
                   fmt::format("{}: mounts {}, which is no volume of the pod",
                               container_name(container), name));
    }
    if (!tmp && text(container, "name") == "hello")
      lint.error("tmp", *work.object, container_name(container) + ": nothing is mounted at /tmp");
  }
}

} // namespace

void lint_pod_security(Lint &lint) {
  for (const Workload &work : lint.workloads) {
    both_levels(lint, work, "run-as-non-root", "runAsNonRoot", "true",
                [](const auto &node) { return text(node) == "true"; });
    for (const char *field : {"runAsUser", "runAsGroup"})
      both_levels(lint, work, "user-id", field, "10000 or above", high_id);
    both_levels(lint, work, "seccomp", "seccompProfile", "RuntimeDefault", [](const auto &node) {
      const std::string type = text(node, "type");
      return type == "RuntimeDefault" || type == "Localhost";
    });
    for (const YAML::Node &container : work.containers) container_rules(lint, work, container);
    volume_rules(lint, work);
    for (const char *field : {"hostNetwork", "hostPID", "hostIPC"})
      if (is_true(work.spec, field))
        lint.error("host-access", *work.object, fmt::format("{} is true", field));
    if (is_true(work.spec, "shareProcessNamespace"))
      lint.warning("host-access", *work.object,
                   "shareProcessNamespace lets containers read each other's memory");
    if (at(work.spec, "securityContext", "sysctls").size() > 0)
      lint.warning("host-access", *work.object,
                   "sets sysctls, of which Pod Security restricted allows few");

    if (text(work.spec, "automountServiceAccountToken") != "false")
      lint.error("account-token", *work.object, "automountServiceAccountToken is not false");
    if (text(work.spec, "enableServiceLinks") != "false")
      lint.error("service-links", *work.object, "enableServiceLinks is not false");
    if (const auto account = text(work.spec, "serviceAccountName");
        account.empty() || account == "default")
      lint.error("service-account", *work.object, "runs as the namespace's default account");
    else if (!lint.find("ServiceAccount", account))
      lint.error("service-account", *work.object,
                 fmt::format("ServiceAccount/{} is not in the set", account));
  }
  for (const Object &object : lint.objects)
    if (object.kind == "ServiceAccount" &&
        text(object.node, "automountServiceAccountToken") != "false")
      lint.error("account-token", object, "automountServiceAccountToken is not false");
}

} // namespace hello::manifest
