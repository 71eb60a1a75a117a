// Pod Security, as the set's Namespace enforces it: its admission refuses the pods, and not the
// Deployment, so that a deploy only sees that none comes.
// Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#include <algorithm>

#include <fmt/core.h>

#include "hello/text.h"
#include "manifest/lint/rules.h"

namespace hello::manifest {
namespace {

/// What a level refuses of one pod.
class Admission {
public:
  Admission(const Lint &lint, const Workload &work, bool restricted)
      : lint_(lint), work_(work), is_restricted_(restricted) {}

  /// Names of fields; empty: it admits the pod.
  std::string refused() {
    check_pod();
    for (const Container &container : lint_.containers)
      if (container.work == &work_) check(container);
    return text::join(fields_, ", ");
  }

private:
  void refuse(bool is_wrong, const char *field) {
    if (is_wrong && std::find(fields_.begin(), fields_.end(), field) == fields_.end())
      fields_.emplace_back(field);
  }

  static bool is_one(std::string_view value, std::string_view choices) {
    const auto all = text::split(choices, '|');
    return std::find(all.begin(), all.end(), value) != all.end();
  }

  void check_pod() {
    const YAML::Node spec = work_.spec, context = at(spec, "securityContext");
    for (const char *field : {"hostNetwork", "hostPID", "hostIPC"})
      refuse(is_true(spec, field), field);
    for (const YAML::Node &one : items(at(context, "sysctls")))
      refuse(!is_one(text(one, "name"),
                     "kernel.shm_rmid_forced|net.ipv4.ip_local_port_range|"
                     "net.ipv4.ip_unprivileged_port_start|net.ipv4.tcp_syncookies|"
                     "net.ipv4.ping_group_range|net.ipv4.ip_local_reserved_ports|"
                     "net.ipv4.tcp_keepalive_time|net.ipv4.tcp_fin_timeout|"
                     "net.ipv4.tcp_keepalive_intvl|net.ipv4.tcp_keepalive_probes"),
             "sysctls");
    for (const YAML::Node &volume : items(at(spec, "volumes")))
      for (const auto &entry : volume) {
        const std::string &type = entry.first.Scalar();
        refuse(type == "hostPath", "hostPath");
        refuse(is_restricted_ &&
                   !is_one(type, "name|hostPath|configMap|csi|downwardAPI|emptyDir|ephemeral|"
                                 "persistentVolumeClaim|projected|secret|image"),
               "volumes");
      }
    check_context(context);
  }

  /// What both levels may set.
  void check_context(const YAML::Node &context) {
    refuse(text(context, "seccompProfile", "type") == "Unconfined", "seccompProfile");
    refuse(text(context, "appArmorProfile", "type") == "Unconfined", "appArmorProfile");
    refuse(!is_one(text(context, "seLinuxOptions", "type"),
                   "|container_t|container_init_t|container_kvm_t|container_engine_t") ||
               !text(context, "seLinuxOptions", "user").empty() ||
               !text(context, "seLinuxOptions", "role").empty(),
           "seLinuxOptions");
    refuse(is_restricted_ && text(context, "runAsUser") == "0", "runAsUser");
  }

  void check(const Container &container) {
    const YAML::Node context = at(container.node, "securityContext"),
                     pod = at(work_.spec, "securityContext");
    check_context(context);
    refuse(is_true(context, "privileged"), "privileged");
    refuse(!is_one(text(context, "procMount"), "|Default"), "procMount");
    for (const YAML::Node &port : items(at(container.node, "ports")))
      refuse(!is_one(text(port, "hostPort"), "|0"), "hostPort");
    for (const YAML::Node &one : items(at(context, "capabilities", "add")))
      refuse(!is_one(text(one), is_restricted_
                                    ? "NET_BIND_SERVICE"
                                    : "AUDIT_WRITE|CHOWN|DAC_OVERRIDE|FOWNER|FSETID|KILL|MKNOD|"
                                      "NET_BIND_SERVICE|SETFCAP|SETGID|SETPCAP|SETUID|SYS_CHROOT"),
             "capabilities.add");
    if (!is_restricted_) return;
    const auto effective = [&](const char *field, const char *key) {
      const std::string own = key ? text(context, field, key) : text(context, field);
      if (!own.empty()) return own;
      return key ? text(pod, field, key) : text(pod, field);
    };
    refuse(text(context, "allowPrivilegeEscalation") != "false", "allowPrivilegeEscalation");
    refuse(effective("runAsNonRoot", nullptr) != "true", "runAsNonRoot");
    refuse(effective("seccompProfile", "type").empty(), "seccompProfile");
    const auto drop = items(at(context, "capabilities", "drop"));
    refuse(std::none_of(drop.begin(), drop.end(),
                        [](const YAML::Node &one) { return text(one) == "ALL"; }),
           "capabilities.drop");
  }

  const Lint &lint_;
  const Workload &work_;
  bool is_restricted_;
  std::vector<std::string> fields_;
};

void pod_security(Lint &lint) {
  for (const Workload &work : lint.workloads) {
    const Object *ns = lint.find("Namespace", work.object->ns);
    if (!ns) continue;
    const std::string level =
        text(ns->node, "metadata", "labels", "pod-security.kubernetes.io/enforce");
    if (level != "restricted" && level != "baseline") continue;
    if (const std::string fields = Admission(lint, work, level == "restricted").refused();
        !fields.empty())
      // A warning: a Namespace that someone else made keeps its own labels.
      lint.warning(*work.object, fmt::format("Namespace/{} enforces Pod Security {}, which refuses "
                                             "{}: no pod will start",
                                             ns->name, level, fields));
  }
}

constexpr LintRule kRules[] = {
    {kAdmissionRule, "the namespace's Pod Security level refuses pods that break it", pod_security},
};

} // namespace

std::span<const LintRule> admission_rules() { return kRules; }

} // namespace hello::manifest
