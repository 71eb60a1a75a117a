#include "hello/client_pod.h"

#include <string_view>

#include "hello/random.h"

namespace hello::release {
namespace {

constexpr std::string_view kTmp = "tmp"; ///< the name of the volume at /tmp

void copy(const json::Value &from, json::Value &to, std::string_view key) {
  if (const json::Value *value = from.find(key)) to[key] = *value;
}

/// The items with this name.
json::Value named(const json::Value &list, std::string_view name) {
  json::Value found = json::array();
  for (const json::Value &one : list.items())
    if (one.at("name").text() == name) found.push(one);
  return found;
}

} // namespace

std::string random_id() {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789"; // no words
  std::string id;
  for (std::uint64_t bits = sys::random_bits(); id.size() < 6; bits /= kLetters.size())
    id += kLetters[bits % kLetters.size()];
  return id;
}

json::Value client_container(const json::Value &pod_spec, std::span<const std::string> args) {
  const auto &all = pod_spec.at("containers").items();
  const json::Value *service = all.empty() ? nullptr : &all.front();
  for (const json::Value &one : all)
    if (one.text("name") == "hello") service = &one;
  json::Value container;
  container["name"] = json::string("hello");
  if (service) {
    for (const char *key : {"image", "imagePullPolicy", "command", "securityContext", "resources"})
      copy(*service, container, key);
    container["volumeMounts"] = named(service->at("volumeMounts"), kTmp);
  }
  for (const std::string &arg : args) container["args"].push(json::string(arg));
  return container;
}

json::Value client_spec(const json::Value &pod_spec, json::Value container,
                        std::chrono::seconds longest) {
  json::Value spec;
  for (const char *key : {"imagePullSecrets", "nodeSelector", "tolerations", "runtimeClassName",
                          "hostAliases", "dnsConfig", "securityContext"})
    copy(pod_spec, spec, key);
  spec["volumes"] = named(pod_spec.at("volumes"), kTmp);
  spec["automountServiceAccountToken"] = json::boolean(false);
  spec["enableServiceLinks"] = json::boolean(false);
  spec["restartPolicy"] = json::string("Never");
  // PID 1 has no default action for SIGTERM
  spec["terminationGracePeriodSeconds"] = json::integer(1);
  spec["activeDeadlineSeconds"] = json::integer(longest.count());
  spec["containers"].push(std::move(container));
  return spec;
}

} // namespace hello::release
