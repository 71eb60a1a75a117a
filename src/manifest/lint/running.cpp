// What a pod needs to run well: resources, probes, an orderly end, the right image, its message.
#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

#include <fmt/core.h>

#include "hello/address.h"
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
        const std::string what = fmt::format("resources.{}.{} is not set", level, resource);
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
        lint.error(container, fmt::format("{} is not set", probe));
      else if (container.name == "hello" && path(probe).empty())
        lint.error(container, fmt::format("{} has no httpGet.path", probe));
    if (!path("readinessProbe").empty() && path("readinessProbe") == path("livenessProbe"))
      lint.warning(container, "readinessProbe and livenessProbe have the same path: a pod that is "
                              "not ready would be restarted");
    if (container.name == "hello" && at(container.node, "livenessProbe").IsMap() &&
        !has_old_form(lint.config) &&
        !at(container.node, "livenessProbe", "terminationGracePeriodSeconds").IsDefined())
      lint.warning(container,
                   "livenessProbe has no terminationGracePeriodSeconds: a container that "
                   "hangs keeps its pod for the whole grace period");
  }
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
      lint.warning(container,
                   "stops at once when it is terminated: set --drain-delay or a preStop sleep");
    if (sleep > sleep.zero() && before_1_30(lint.config))
      lint.error(container,
                 "preStop.sleep needs Kubernetes 1.30: in 1.29 it is behind a feature gate");
    for (const char *name : {"--drain-delay", "--drain-timeout"})
      if (!flag(container, name)) lint.error(container, fmt::format("args must set {}", name));
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
          fmt::format("terminationGracePeriodSeconds is {}, but preStop and drain can take {} s",
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
      lint.error(container, "image is not set");
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
      lint.error(container, "imagePullPolicy is not set");
    else if (!is_local(image) && policy != "Always")
      lint.warning(container,
                   "imagePullPolicy is " + policy + ": use Always for an image from a registry");
  }
}

void secret(Lint &lint) {
  for (const Container &container : lint.containers)
    for (const YAML::Node &variable : items(at(container.node, "env"))) {
      const std::string name = text::upper(text(variable, "name"));
      for (const char *word : {"PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "PRIVATE_KEY"})
        if (name.find(word) != name.npos && !text(variable, "value").empty())
          lint.warning(container, name + " is in plain text: take it from a Secret");
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
  if (!map) return lint.error(object, fmt::format("ConfigMap/{} is not in the manifests", source));
  const YAML::Node messages = at(map->node, "data", "MESSAGES");
  if (!messages.IsDefined()) return lint.error(*map, "has no key MESSAGES");
  if (lint.config.text("reload") == "live") {
    if (!is_mounted(container, "/etc/hello"))
      lint.error(object, "the messages are not mounted at /etc/hello");
    return;
  }
  if (!has_messages(container, source))
    lint.error(object, "MESSAGES does not come from ConfigMap/" + source);
  if (text(object.node, "spec", "template", "metadata", "annotations", "checksum/message-config") !=
      hex(sha256(text(messages))))
    lint.error(object, "the annotation checksum/message-config does not match the messages: a "
                       "change would not roll the pods");
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
      lint.warning(container, fmt::format("--access-log={0} is deprecated: use --access-log=on "
                                          "and --log-format={0}",
                                          access));
    const std::string format =
        access == "text" ? access : flag(container, "--log-format").value_or("json");
    if (format == "text" && lint.config.text("logging.sidecar") == "agent")
      lint.warning(
          container,
          "logs text, which the logging agent cannot parse into fields: use --log-format=json");
  }
}

/// What helps to test a platform, but tells strangers about it.
void echo(Lint &lint) {
  for (const Container &container : lint.containers)
    if (is_service(container) && lint.config.text("expose") != "none" &&
        has_flag(container, "--echo"))
      lint.warning(container, "--echo shows clients the headers that proxies add, the pod and the "
                              "node: use it with expose: none, or only for a test");
}

/// The listener of drills is on the pod's loopback addresses.
void drills(Lint &lint) {
  for (const Container &container : lint.containers) {
    if (!is_service(container) || !has_flag(container, "--drills")) continue;
    if (is_true(container.work->spec, "hostNetwork"))
      lint.error(container,
                 "--drills with hostNetwork: every process on the node could start a drill");
    for (const Container &other : lint.containers)
      if (other.work == container.work && other.name != container.name &&
          (!other.is_initial || text(other.node, "restartPolicy") == "Always"))
        lint.warning(container, "--drills: container " + other.name + " could start a drill");
  }
}

/// Whether the range has more than 256 addresses that pods can have: private ones.
bool is_pod_network(const sys::Network &network) {
  for (const char *pods :
       {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"})
    if (network.bits < 120 && network.overlaps(*sys::parse_network(pods))) return true;
  return false;
}

void trusted_proxies(Lint &lint) {
  for (const Container &container : lint.containers) {
    if (!is_service(container)) continue;
    const std::string trusted = flag(container, "--trusted-proxies").value_or("");
    for (const std::string_view cidr : text::split(trusted, ',')) {
      const auto network = sys::parse_network(cidr);
      if (!network && !cidr.empty())
        lint.error(container, fmt::format("--trusted-proxies has {}, which is not a network: the "
                                          "service would not start",
                                          cidr));
      if (network && is_pod_network(*network))
        lint.warning(container, fmt::format("--trusted-proxies has {}: any pod in it can claim any "
                                            "client's address; name the controller's own addresses",
                                            cidr));
    }
  }
}

constexpr LintRule kRules[] = {
    {"resources", "without requests and limits, one pod can starve the others on its node",
     resources},
    {"trusted-proxies", "who is trusted to name the client can forge it", trusted_proxies},
    {"probes", "without probes, traffic goes to pods that cannot respond", probes},
    {"drain", "a pod that stops before load balancers take it out of rotation loses requests",
     drain},
    {"grace-period",
     "the kubelet kills containers that are still running when the grace period ends",
     grace_period},
    {"image", "a tag, `latest` most of all, can point to another image tomorrow; a digest cannot",
     image},
    {"pull-policy",
     "an image in a node's cache may be outdated, or one that this account must not pull",
     pull_policy},
    {"secret", "passwords belong in a Secret: many people may read a Deployment", secret},
    {"messages", "the messages come from the ConfigMap, and the pods restart when they change",
     messages},
    {"drills", "everything that shares the pod's network can start its drills", drills},
    {"echo", "/echo shows internal addresses and headers to every client", echo},
    {"log-format", "logs have one format, which the logging agent can read", log_form},
};

} // namespace

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

std::span<const LintRule> running_rules() { return kRules; }

} // namespace hello::manifest
