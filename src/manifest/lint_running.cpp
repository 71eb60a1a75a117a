// What a pod needs to run well: resources, probes, an orderly end, the right image, its message.
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include <fmt/core.h>

#include "hello/sha256.h"
#include "hello/text.h"
#include "manifest/lint.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

void resources(Lint &lint, const Workload &work, const YAML::Node &container) {
  for (const char *level : {"requests", "limits"})
    for (const char *resource : {"cpu", "memory", "ephemeral-storage"}) {
      if (!text(container, "resources", level, resource).empty()) continue;
      const std::string what =
          fmt::format("{}: no resources.{}.{}", container_name(container), level, resource);
      // Some platforms leave the CPU limit out on purpose: it throttles where the node has room.
      if (level == std::string_view("limits") && resource == std::string_view("cpu"))
        lint.warning("resources", *work.object, what);
      else
        lint.error("resources", *work.object, what);
    }
}

void probes(Lint &lint, const Workload &work, const YAML::Node &container) {
  if (text(container, "restartPolicy") == "Always")
    return; // a native sidecar: nobody sends it requests
  const auto path = [&container](const char *probe) {
    return text(container, probe, "httpGet", "path");
  };
  for (const char *probe : {"startupProbe", "readinessProbe", "livenessProbe"})
    if (!at(container, probe).IsMap())
      lint.error("probes", *work.object,
                 fmt::format("{}: no {}", container_name(container), probe));
    else if (text(container, "name") == "hello" && path(probe).empty())
      lint.error("probes", *work.object,
                 fmt::format("{}: {} asks no path", container_name(container), probe));
  if (!path("readinessProbe").empty() && path("readinessProbe") == path("livenessProbe"))
    lint.warning("probes", *work.object,
                 container_name(container) +
                     ": readiness and liveness ask the same: a pod that is not ready gets killed");
}

/// The value of `--NAME=VALUE` or `--NAME VALUE` among the container's arguments. serve takes the
/// last one.
std::optional<std::string> flag(const YAML::Node &container, const std::string &name) {
  std::optional<std::string> value;
  bool is_next = false;
  for (const YAML::Node &arg : items(at(container, "args"))) {
    const std::string word = text(arg);
    if (is_next) value = word;
    is_next = !is_next && word == name;
    if (word.starts_with(name + "=")) value = word.substr(name.size() + 1);
  }
  return value;
}

std::chrono::milliseconds flag_time(const YAML::Node &container, const std::string &name) {
  return text::duration(flag(container, name).value_or("0")).value_or(std::chrono::seconds(0));
}

std::chrono::seconds seconds_of(const std::string &digits) {
  return std::chrono::seconds(text::integer(digits).value_or(0));
}

void ending(Lint &lint, const Workload &work, const YAML::Node &container) {
  const auto sleep = seconds_of(text(container, "lifecycle", "preStop", "sleep", "seconds"));
  const auto delay = flag_time(container, "--drain-delay"),
             end = sleep + delay + flag_time(container, "--drain-timeout");
  if (sleep + delay == delay.zero() && !at(container, "lifecycle", "preStop", "exec").IsDefined())
    lint.warning("drain", *work.object,
                 container_name(container) +
                     ": ends at once, with no preStop sleep and no drain delay");
  if (sleep > sleep.zero() && before_1_30(lint.config))
    lint.error("drain", *work.object,
               container_name(container) +
                   ": the preStop sleep is behind a gate in Kubernetes 1.29");
  for (const char *name : {"--drain-delay", "--drain-timeout"})
    if (!flag(container, name))
      lint.error("drain", *work.object,
                 fmt::format("{}: does not say {}", container_name(container), name));
  const auto grace = seconds_of(text(work.spec, "terminationGracePeriodSeconds"));
  if (grace <= end)
    lint.error(
        "grace-period", *work.object,
        fmt::format("terminationGracePeriodSeconds is {}, but preStop and drain take up to {} s",
                    grace.count(), std::chrono::ceil<std::chrono::seconds>(end).count()));
}

void image(Lint &lint, const Workload &work, const YAML::Node &container) {
  const std::string image = text(container, "image"), policy = text(container, "imagePullPolicy");
  const std::string where = container_name(container);
  const bool digest = image.find("@sha256:") != image.npos;
  const std::string last = image.substr(image.rfind('/') + 1);
  const std::string tag = last.find(':') == last.npos ? "" : last.substr(last.find(':') + 1);
  if (image.empty())
    lint.error("image", *work.object, where + ": no image");
  else if (!digest && (tag.empty() || tag == "latest"))
    lint.error("image", *work.object,
               where + ": " + image + " is another image tomorrow: name a tag, best a digest");
  else if (!digest)
    lint.warning("image", *work.object,
                 where + ": " + image + " has no digest: a tag can be moved");
  const bool local = image.find('/') == image.npos && !digest;
  if (policy.empty())
    lint.error("pull-policy", *work.object, where + ": no imagePullPolicy");
  else if (!local && policy != "Always")
    lint.warning("pull-policy", *work.object,
                 fmt::format("{}: {} of an image from a registry", where, policy));
}

void secrets(Lint &lint, const Workload &work, const YAML::Node &container) {
  for (const YAML::Node &variable : items(at(container, "env"))) {
    std::string name = text(variable, "name");
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    for (const char *word : {"PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "PRIVATE_KEY"})
      if (name.find(word) != name.npos && !text(variable, "value").empty())
        lint.warning("secret", *work.object,
                     fmt::format("{}: {} is written out; take it from a Secret",
                                 container_name(container), name));
  }
}

/// The way of the message: ConfigMap, environment or file, and the checksum that rolls the pods.
void messages(Lint &lint, const Workload &work, const YAML::Node &container) {
  if (work.object->name != "hello" || text(container, "name") != "hello") return;
  const auto error = [&](const std::string &what) { lint.error("messages", *work.object, what); };
  const Object *map = lint.find("ConfigMap", "message-config");
  if (!map) return error("ConfigMap/message-config is not in the set");
  const YAML::Node text_node = at(map->node, "data", "MESSAGES");
  if (!text_node.IsDefined()) return lint.error("messages", *map, "has no key MESSAGES");
  if (lint.config.text("reload") == "live") {
    const YAML::Node mounts = at(container, "volumeMounts");
    if (std::none_of(mounts.begin(), mounts.end(),
                     [](const auto &mount) { return text(mount, "mountPath") == "/etc/hello"; }))
      error("the message is not mounted at /etc/hello");
    return;
  }
  bool found = false;
  for (const YAML::Node &variable : items(at(container, "env")))
    if (text(variable, "name") == "MESSAGES") {
      const YAML::Node ref = at(variable, "valueFrom", "configMapKeyRef");
      found = text(ref, "name") == "message-config" && text(ref, "key") == "MESSAGES" &&
              !is_true(ref, "optional");
    }
  if (!found) error("MESSAGES does not come from ConfigMap/message-config");
  if (text(work.object->node, "spec", "template", "metadata", "annotations",
           "checksum/message-config") != hex(sha256(text(text_node))))
    error("the annotation checksum/message-config is not that of the message: a new one would not "
          "roll the pods");
}

} // namespace

void lint_running(Lint &lint) {
  for (const Workload &work : lint.workloads)
    for (std::size_t i = 0; i < work.containers.size(); ++i) {
      const YAML::Node &container = work.containers[i];
      resources(lint, work, container);
      image(lint, work, container);
      secrets(lint, work, container);
      if (i >= work.main || !work.serves) continue;
      probes(lint, work, container);
      if (text(container, "name") == "hello") ending(lint, work, container);
      messages(lint, work, container);
    }
}

} // namespace hello::manifest
