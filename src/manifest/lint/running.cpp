// What a pod needs to run well: resources, probes, an orderly end, the right image, its message.
#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

#include <fmt/core.h>

#include "hello/names.h"
#include "hello/sha256.h"
#include "hello/text.h"
#include "manifest/lint/rules.h"
#include "manifest/logging.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

void resources(Lint &lint) {
  for (const Container &container : lint.containers)
    for (const std::string_view level : {"requests", "limits"})
      for (const std::string_view resource : {"cpu", "memory", "ephemeral-storage"}) {
        if (!text(container.node, "resources", level.data(), resource.data()).empty()) continue;
        const std::string what = fmt::format("no resources.{}.{}", level, resource);
        // Some platforms leave the CPU limit out on purpose: it throttles where the node has room.
        if (level == "limits" && resource == "cpu")
          lint.warning(container, what);
        else
          lint.error(container, what);
      }
}

void probes(Lint &lint) {
  for (const Container &container : lint.containers) {
    // A native sidecar gets no requests.
    if (!container.serves() || text(container.node, "restartPolicy") == "Always") continue;
    const auto path = [&](const char *probe) {
      return text(container.node, probe, "httpGet", "path");
    };
    for (const char *probe : {"startupProbe", "readinessProbe", "livenessProbe"})
      if (!at(container.node, probe).IsMap())
        lint.error(container, fmt::format("no {}", probe));
      else if (container.name == "hello" && path(probe).empty())
        lint.error(container, fmt::format("{} asks no path", probe));
    if (!path("readinessProbe").empty() && path("readinessProbe") == path("livenessProbe"))
      lint.warning(container,
                   "readiness and liveness ask the same: a pod that is not ready gets killed");
  }
}

/// The value of `--NAME=VALUE` or `--NAME VALUE` among the container's arguments. serve takes the
/// last one.
std::optional<std::string> flag(const Container &container, const std::string &name) {
  std::optional<std::string> value;
  bool is_next = false;
  for (const YAML::Node &arg : items(at(container.node, "args"))) {
    const std::string word = text(arg);
    if (is_next) value = word;
    is_next = !is_next && word == name;
    if (word.starts_with(name + "=")) value = word.substr(name.size() + 1);
  }
  return value;
}

bool has_flag(const Container &container, std::string_view name) {
  const auto args = items(at(container.node, "args"));
  return std::any_of(args.begin(), args.end(),
                     [&](const YAML::Node &arg) { return text(arg) == name; });
}

std::chrono::seconds seconds_of(const std::string &digits) {
  return std::chrono::seconds(text::integer(digits).value_or(0));
}

/// How long the container serves on after it is asked to end.
struct Ending {
  std::chrono::seconds sleep;
  std::chrono::milliseconds delay, drain;
};

Ending ending_of(const Container &container) {
  const auto time = [&](const char *name) {
    return text::duration(flag(container, name).value_or("0")).value_or(std::chrono::seconds(0));
  };
  return {seconds_of(text(container.node, "lifecycle", "preStop", "sleep", "seconds")),
          time("--drain-delay"), time("--drain-timeout")};
}

bool is_service(const Container &container) {
  return container.serves() && container.name == "hello";
}

void drain(Lint &lint) {
  for (const Container &container : lint.containers) {
    if (!is_service(container)) continue;
    const auto [sleep, delay, drain] = ending_of(container);
    if (sleep + delay == delay.zero() &&
        !at(container.node, "lifecycle", "preStop", "exec").IsDefined())
      lint.warning(container, "ends at once, with no preStop sleep and no drain delay");
    if (sleep > sleep.zero() && before_1_30(lint.config))
      lint.error(container, "the preStop sleep is behind a gate in Kubernetes 1.29");
    for (const char *name : {"--drain-delay", "--drain-timeout"})
      if (!flag(container, name)) lint.error(container, fmt::format("does not say {}", name));
  }
}

void grace_period(Lint &lint) {
  for (const Container &container : lint.containers) {
    if (!is_service(container)) continue;
    const auto [sleep, delay, drain] = ending_of(container);
    const auto end = sleep + delay + drain;
    const auto grace = seconds_of(text(container.work->spec, "terminationGracePeriodSeconds"));
    if (grace <= end)
      lint.error(
          *container.work->object,
          fmt::format("terminationGracePeriodSeconds is {}, but preStop and drain take up to {} s",
                      grace.count(), std::chrono::ceil<std::chrono::seconds>(end).count()));
  }
}

bool has_digest(const std::string &image) { return image.find("@sha256:") != image.npos; }

/// Of no registry: on the nodes already.
bool is_local(const std::string &image) {
  return image.find('/') == image.npos && !has_digest(image);
}

void image(Lint &lint) {
  std::set<std::string> mentioned; // one warning for each image
  for (const Container &container : lint.containers) {
    const std::string image = text(container.node, "image");
    const std::string last = image.substr(image.rfind('/') + 1);
    const std::string tag = last.find(':') == last.npos ? "" : last.substr(last.find(':') + 1);
    if (image.empty())
      lint.error(container, "no image");
    else if (!has_digest(image) && (tag.empty() || tag == "latest"))
      lint.error(container, image + " can change with every pull: add a tag, or better a digest");
    else if (!has_digest(image) && !is_local(image) && mentioned.insert(image).second)
      lint.warning(container, image + " has no digest: its tag can be moved to another image");
  }
}

void pull_policy(Lint &lint) {
  for (const Container &container : lint.containers) {
    const std::string image = text(container.node, "image");
    const std::string policy = text(container.node, "imagePullPolicy");
    if (policy.empty())
      lint.error(container, "no imagePullPolicy");
    else if (!is_local(image) && policy != "Always")
      lint.warning(container, policy + " of an image from a registry");
  }
}

void secret(Lint &lint) {
  for (const Container &container : lint.containers)
    for (const YAML::Node &variable : items(at(container.node, "env"))) {
      const std::string name = text::upper(text(variable, "name"));
      for (const char *word : {"PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "PRIVATE_KEY"})
        if (name.find(word) != name.npos && !text(variable, "value").empty())
          lint.warning(container, name + " is written out; take it from a Secret");
    }
}

bool is_mounted(const Container &container, std::string_view path) {
  const auto mounts = items(at(container.node, "volumeMounts"));
  return std::any_of(mounts.begin(), mounts.end(),
                     [&](const YAML::Node &mount) { return text(mount, "mountPath") == path; });
}

/// Whether the variable MESSAGES comes from the ConfigMap `source`; of several the last one counts.
bool has_messages(const Container &container, const std::string &source) {
  bool found = false;
  for (const YAML::Node &variable : items(at(container.node, "env")))
    if (text(variable, "name") == "MESSAGES") {
      const YAML::Node ref = at(variable, "valueFrom", "configMapKeyRef");
      found = text(ref, "name") == source && text(ref, "key") == "MESSAGES" &&
              !is_true(ref, "optional");
    }
  return found;
}

/// The way of the message: ConfigMap, environment or file, and the checksum that rolls the pods.
void check_messages(Lint &lint, const Container &container) {
  const Object &object = *container.work->object;
  const std::string source = names::message_config(lint.config.text("name"));
  const Object *map = lint.find("ConfigMap", source);
  if (!map) return lint.error(object, fmt::format("ConfigMap/{} is not in the set", source));
  const YAML::Node messages = at(map->node, "data", "MESSAGES");
  if (!messages.IsDefined()) return lint.error(*map, "has no key MESSAGES");
  if (lint.config.text("reload") == "live") {
    if (!is_mounted(container, "/etc/hello"))
      lint.error(object, "the message is not mounted at /etc/hello");
    return;
  }
  if (!has_messages(container, source))
    lint.error(object, "MESSAGES does not come from ConfigMap/" + source);
  if (text(object.node, "spec", "template", "metadata", "annotations", "checksum/message-config") !=
      hex(sha256(text(messages))))
    lint.error(object, "the annotation checksum/message-config is not that of the message: a new "
                       "one would not roll the pods");
}

void messages(Lint &lint) {
  for (const Container &container : lint.containers)
    if (is_service(container) && lint.is_main(*container.work->object))
      check_messages(lint, container);
}

/// What the service logs: in the present form, and as the agent beside it reads it.
void log_form(Lint &lint) {
  for (const Container &container : lint.containers) {
    if (!is_service(container) || !has_log_format(lint.config)) continue;
    const std::string access = flag(container, "--access-log").value_or("on");
    if ((access == "json" || access == "text") && access != lint.config.text("logging.access"))
      lint.warning(container, fmt::format("--access-log={0} is an old form: write --access-log=on "
                                          "and --log-format={0}",
                                          access));
    const std::string format =
        access == "text" ? access : flag(container, "--log-format").value_or("json");
    if (format == "text" && lint.config.text("logging.sidecar") == "agent")
      lint.warning(container, "logs text, of which the agent beside it makes no fields");
  }
}

/// What helps to test a platform, but tells strangers about it.
void echo(Lint &lint) {
  for (const Container &container : lint.containers)
    if (is_service(container) && lint.config.text("expose") != "none" &&
        has_flag(container, "--echo"))
      lint.warning(container, "--echo shows clients what proxies add to their requests, and pod "
                              "and node; use it where expose is none, or only for a test");
}

/// The listener of drills is on the pod's loopback addresses.
void drills(Lint &lint) {
  for (const Container &container : lint.containers) {
    if (!is_service(container) || !has_flag(container, "--drills")) continue;
    if (is_true(container.work->spec, "hostNetwork"))
      lint.error(container,
                 "--drills with hostNetwork: every process of the node could start them");
    for (const Container &other : lint.containers)
      if (other.work == container.work && other.name != container.name &&
          (!other.is_initial || text(other.node, "restartPolicy") == "Always"))
        lint.warning(container, "--drills: container " + other.name + " can reach their listener");
  }
}

constexpr LintRule kRules[] = {
    {"resources", "without requests and limits, one pod can starve its neighbours", resources},
    {"probes", "without them, traffic goes to pods that cannot answer", probes},
    {"drain", "a pod that ends before the load balancers know it loses requests", drain},
    {"grace-period", "the kubelet kills what has not ended by then", grace_period},
    {"image", "`latest` or no tag is another image tomorrow; a digest never is", image},
    {"pull-policy",
     "an image that is not asked for again may be an old one, or one that the account may not have",
     pull_policy},
    {"secret", "a password belongs into a Secret, not into a Deployment that many may read",
     secret},
    {"messages", "the service takes its text from the ConfigMap, and is rolled when that changes",
     messages},
    {"drills", "who shares the pod's network can ask for its faults", drills},
    {"echo", "/echo shows inner addresses and headers to everyone who reaches it", echo},
    {"log-format", "one form of log lines, which the log's reader understands", log_form},
};

} // namespace

std::span<const LintRule> running_rules() { return kRules; }

} // namespace hello::manifest
