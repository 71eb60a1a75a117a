#include <algorithm>
#include <cmath>
#include <map>

#include "check/context.h"
#include "hello/text.h"

namespace hello::check {
namespace {

/// CPU in thousandths, memory in bytes.
struct Amount {
  double milli_cpu = 0, memory = 0;
  double pods = 0;

  void add(const Amount &other, double sign) {
    milli_cpu += sign * other.milli_cpu;
    memory += sign * other.memory;
    pods += sign * other.pods;
  }
};

Amount amount_of(const json::Value &resources) {
  const auto number = [&](std::string_view key) {
    const auto parsed = text::Quantity::parse(resources.text(key));
    return parsed ? parsed->value() : 0;
  };
  return {number("cpu") * 1000, number("memory"), number("pods")};
}

/// What the scheduler reserves for a pod: its containers together, or its largest init container.
Amount requests_of(const json::Value &spec) {
  Amount sum;
  for (const json::Value &one : spec.at("containers").items())
    sum.add(amount_of(one.at("resources", "requests")), 1);
  for (const json::Value &one : spec.at("initContainers").items()) {
    const Amount init = amount_of(one.at("resources", "requests"));
    sum.milli_cpu = std::max(sum.milli_cpu, init.milli_cpu);
    sum.memory = std::max(sum.memory, init.memory);
  }
  sum.pods = 1;
  return sum;
}

/// Whether a pod may go to a node; what it prefers, and other pods, are not looked at.
bool may_use(const json::Value &pod, const json::Value &node) {
  return !node.at("spec", "unschedulable").boolean() && admits(node, pod);
}

} // namespace

Room room_for(kube::Cluster &cluster, const json::Value &pod) {
  std::map<std::string, Amount, std::less<>> nodes;
  if (cluster.list({"v1", "Node", ""}, [&](json::Value &&node) {
        if (may_use(pod, node))
          nodes[node.text("metadata", "name")] = amount_of(node.at("status", "allocatable"));
      }))
    return {};
  if (cluster.list({"v1", "Pod", ""}, [&](json::Value &&other) {
        const std::string phase = other.text("status", "phase");
        const auto node = nodes.find(other.text("spec", "nodeName"));
        if (node != nodes.end() && phase != "Succeeded" && phase != "Failed")
          node->second.add(requests_of(other.at("spec")), -1);
      }))
    return {};
  Room room{.known = true, .nodes = static_cast<int>(nodes.size())};
  const Amount each = requests_of(pod);
  for (const auto &[name, free] : nodes) {
    double fits = free.pods;
    if (each.milli_cpu > 0) fits = std::min(fits, free.milli_cpu / each.milli_cpu);
    if (each.memory > 0) fits = std::min(fits, free.memory / each.memory);
    room.pods += static_cast<int>(std::clamp(std::floor(fits + 1e-6), 0.0, 1000.0));
    room.milli_cpu += std::llround(std::max(free.milli_cpu, 0.0));
    room.memory_mb += std::llround(std::max(free.memory, 0.0) / 1e6);
  }
  return room;
}

} // namespace hello::check
