#pragma once
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "check/context.h"
#include "hello/text.h"
#include "support/fake_cluster.h"
#include "support/fake_controller.h"

/// What tests of checks share: a cluster in memory in which clients say what a test wants.
namespace hello::test {

using namespace std::chrono_literals;
using check::Outcome;
using check::Verdict;

inline constexpr const char *kRun = "r1";

/// A client's log: each line as the members that follow the common ones, numbered, with an end.
inline std::string log_of(const std::vector<std::string> &lines) {
  std::string out;
  std::size_t seq = 0;
  for (const std::string &line : lines)
    out += fmt::format("{{\"v\":1,\"run\":\"{}\",\"seq\":{},\"ns\":{},\"wall\":{},{}}}\n", kRun,
                       seq + 1, seq * 500'000'000, 1'000'000 + seq * 500, line),
        ++seq;
  return out + fmt::format("{{\"v\":1,\"run\":\"{}\",\"seq\":{},\"ns\":0,\"wall\":0,\"end\":true,"
                           "\"lines\":{}}}\n",
                           kRun, seq + 1, seq + 1);
}

inline std::string get(int step, int ok, int failed, const std::string &pods = "") {
  return fmt::format("\"i\":{},\"step\":\"get\",\"ok\":{},\"marked\":{},\"failed\":{},\"failure\":"
                     "\"{}\",\"pods\":{{{}}},\"p99us\":900",
                     step, ok, ok, failed, failed ? "Connection refused" : "", pods);
}

inline std::string dns(int step, int count, const std::string &address,
                       const std::string &states = "") {
  return fmt::format("\"i\":{},\"step\":\"dns\",\"count\":{},\"address\":\"{}\",\"server\":"
                     "\"10.96.0.10\",\"p99us\":2000,\"maxus\":9000,\"states\":{{{}}}",
                     step, count, address,
                     states.empty() ? fmt::format("\"found\":{}", count) : states);
}

inline std::string tried(int step, bool open) {
  return fmt::format("\"i\":{},\"step\":\"connect\",\"open\":{},\"why\":\"\",\"us\":100", step,
                     open);
}

/// What /echo answers behind a controller that lets large requests through.
inline sys::HttpReply echo(const std::string &, const std::string &, sys::Certificate,
                           const sys::HttpRequest &request, bool *kept) {
  std::string headers, id;
  for (const auto &[name, value] : request.headers) {
    if (name == "X-Request-Id") id = value;
    headers += fmt::format(R"({}{{"name":"{}","value":"{}"}})", headers.empty() ? "" : ",",
                           text::lower(name), value);
  }
  if (kept) *kept = true;
  return {200, fmt::format(R"({{"pod":"check-steady-0","forwarded":{{"trusted":false,"for":)"
                           R"("192.0.2.7","proto":"http"}},"request_id":"{}","body_bytes":{},)"
                           R"("headers":[{}]}})",
                           id, request.json.size(), headers)};
}

class Quiet final : public check::Listener {
public:
  void doing(std::string_view, std::string_view) override {}
  void ended(const check::Result &) override {}
};

inline config::Config settings_of(const std::string &text) {
  config::Sources sources{.files = {"-"}};
  sources.input = text;
  return config::Config::load(sources);
}

/// Two prepared namespaces, a controller that starts pods, and clients that say what a test wants.
struct World {
  FakeCluster cluster;
  check::Options options;
  config::Config user;
  Quiet listener;
  std::map<std::string, std::string> said; ///< logs of clients, by name
  int nodes = 1;                           ///< that pods are spread over: n1, n2
  bool has_volumes = true;                 ///< claims become bound
  std::string pod_status = pod_status::kReady;

  explicit World(const std::string &settings = "") : user(settings_of(settings)) {
    for (const char *name : {"shop", "shop-b"})
      cluster.api.put(object(fmt::format(
          "{{apiVersion: v1, kind: Namespace, metadata: {{name: {}, labels: {{hello/check: "
          "allowed, pod-security.kubernetes.io/enforce: restricted}}}}}}",
          name)));
    options.namespaces = {"shop", "shop-b"};
    options.run = kRun;
    options.send = echo;
    cluster.paths["/version"] = json::parse(R"({"gitVersion": "v1.34.4"})", "version");
    cluster.on_write = [this](const kube::Id &id) { react(id); };
    said["check-start"] = log_of({get(0, 3, 0), get(1, 3, 0), get(2, 3, 0)});
  }

  void react(const kube::Id &id) {
    if (id.kind == "Deployment" && cluster.api.find(id))
      cluster.after(1s, [this, id] { start_pods(id); });
    if (id.kind == "Service" && cluster.api.find(id))
      cluster.api.update(id, "", [](json::Value &service) {
        service["spec"]["clusterIP"] = json::string("10.96.1.2");
        if (service.text("spec", "type") == "NodePort")
          service["spec"]["ports"] = json::parse(R"([{"port": 80, "nodePort": 30123}])", "ports");
      });
    if (id.kind == "PodDisruptionBudget" && cluster.api.find(id))
      cluster.api.update(id, "", [](json::Value &budget) {
        budget["status"]["disruptionsAllowed"] = json::integer(1);
      });
    if (id.kind == "PersistentVolumeClaim" && cluster.api.find(id) && has_volumes)
      cluster.api.update(
          id, "", [](json::Value &claim) { claim["status"]["phase"] = json::string("Bound"); });
    if (id.kind != "Pod" || !cluster.api.find(id)) return;
    const auto log = said.find(id.name);
    if (log != said.end()) cluster.logs[id.name + "/hello"] = log->second;
    const bool serves = id.name == "check-target";
    cluster.api.update(id, "", [&](json::Value &pod) {
      pod["status"] = object(serves ? pod_status::kReady : "{phase: Succeeded}");
      pod["status"]["podIP"] = json::string("10.1.0.9");
    });
  }

  void start_pods(const kube::Id &id) {
    const json::Value *deployment = cluster.api.find(id);
    if (!deployment) return;
    for (std::int64_t i = 0; i < deployment->at("spec", "replicas").number(); ++i) {
      json::Value pod = object(fmt::format(
          "{{apiVersion: v1, kind: Pod, metadata: {{namespace: {}, name: {}-{}}}, spec: "
          "{{nodeName: n{}}}}}",
          id.ns, id.name, i, i % nodes + 1));
      pod["metadata"]["labels"] = deployment->at("spec", "template", "metadata", "labels");
      json::Value owner;
      owner["uid"] = deployment->at("metadata", "uid");
      pod["metadata"]["ownerReferences"].push(std::move(owner));
      pod["status"] = object(pod_status);
      pod["status"]["podIP"] = json::string(fmt::format("10.1.0.{}", i + 1));
      cluster.api.put(std::move(pod));
    }
    cluster.api.update(id, "", [this](json::Value &object) {
      json::Value &status = object["status"];
      status["observedGeneration"] = object.at("metadata", "generation");
      if (pod_status != pod_status::kReady) return;
      for (const char *count :
           {"replicas", "updatedReplicas", "readyReplicas", "availableReplicas"})
        status[count] = object.at("spec", "replicas");
    });
  }

  check::Report run(std::vector<std::string> only) {
    options.only = std::move(only);
    return check::run(cluster, user, options, listener);
  }
  Outcome outcome(const std::string &name) {
    for (check::Result &result : run({name}).results)
      if (result.name == name) return result.outcome;
    FAIL("it did not run");
    return {};
  }
  /// How many objects of the run are still there.
  std::size_t left() const {
    std::size_t count = 0;
    for (const auto &[id, value] : cluster.api.all())
      count += value.text("metadata", "labels", "hello/check") == kRun;
    return count;
  }
};

} // namespace hello::test
