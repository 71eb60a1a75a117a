#include <algorithm>

#include <fmt/core.h>

#include "deploy/port_forward.h"
#include "hello/deploy.h"
#include "hello/yaml.h"

namespace hello::deploy {
namespace {

const manifest::Object *find(const Set &set, std::string_view kind) {
  const auto found = std::find_if(
      set.begin(), set.end(), [&](const manifest::Object &object) { return object.kind == kind; });
  return found == set.end() ? nullptr : &*found;
}

YAML::Node live(kube::Cluster &cluster, const manifest::Object &object) {
  return kube::read(cluster, release::id_of(object));
}

std::string scalar(const YAML::Node &node, std::string_view path) {
  std::string text = kube::value_at(node, path);
  if (text.size() > 1 && text.front() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

/// First address that a load balancer or an Ingress controller has written into the status.
std::string address(const YAML::Node &object) {
  const YAML::Node all = yaml::at(object, {"status", "loadBalancer", "ingress"});
  if (!all.IsDefined() || !all.IsSequence() || all.size() == 0) return "";
  const YAML::Node first = all[0];
  return first["ip"]         ? yaml::text(first, "ip")
         : first["hostname"] ? yaml::text(first, "hostname")
                             : "";
}

void report_ingress(kube::Cluster &cluster, const manifest::Object &wanted, const Listener &emit) {
  const YAML::Node ingress = live(cluster, wanted);
  const std::string object = "Ingress/" + wanted.name, at = address(ingress);
  const bool has_class = !kube::value_at(ingress, ".spec.ingressClassName").empty();
  if (!has_class)
    emit(event::Warning{
        object, "it has no class: unless the cluster has a default one, no controller takes it "
                "(ingress.className)"});
  else if (at.empty())
    emit(event::Warning{object, "no controller has given it an address yet"});
  const YAML::Node tls = yaml::at(ingress, {"spec", "tls"});
  if (tls.IsDefined())
    for (const YAML::Node &one : tls) {
      if (!one["secretName"]) continue;
      const std::string secret = yaml::text(one, "secretName");
      const kube::Reply reply =
          cluster.get(kube::collection_path("v1", "Secret", wanted.ns) + "/" + secret);
      if (reply.status == 404)
        emit(event::Warning{object, fmt::format("its TLS secret {} is not there", secret)});
    }
  const YAML::Node rules = yaml::at(ingress, {"spec", "rules"});
  if (rules.IsDefined())
    for (const YAML::Node &rule : rules) {
      const std::string host = rule["host"] ? yaml::text(rule, "host") : at;
      emit(event::Reachable{
          object, fmt::format("{}://{}/", tls.IsDefined() ? "https" : "http", host), host, at, {}});
    }
}

void report_service(const YAML::Node &service, const std::string &name, const kube::Access &access,
                    bool ingress, const Listener &emit) {
  const std::string type = scalar(service, ".spec.type"), object = "Service/" + name;
  if (type == "LoadBalancer") {
    const std::string at = address(service);
    if (at.empty())
      emit(event::Warning{object, "its load balancer has no address yet"});
    else
      emit(event::Reachable{object, fmt::format("http://{}/", at), {}, at, {}});
  }
  const YAML::Node ports = yaml::at(service, {"spec", "ports"});
  if ((type == "NodePort" || type == "LoadBalancer") && ports.IsDefined())
    for (const YAML::Node &port : ports)
      if (port["nodePort"])
        emit(event::Reachable{object,
                              fmt::format("http://ANY-NODE:{}/", yaml::text(port, "nodePort")),
                              {},
                              {},
                              yaml::text(port, "nodePort")});
  if (!ingress && type == "ClusterIP" && ports.IsDefined() && ports.size() > 0)
    emit(event::Reachable{object,
                          fmt::format("kubectl{}{} port-forward service/{} 8080:{}",
                                      access.context.empty() ? "" : " --context " + access.context,
                                      access.ns.empty() ? "" : " --namespace " + access.ns, name,
                                      ports[0]["port"].Scalar())});
}

void warn_autoscaler(kube::Cluster &cluster, const manifest::Object &wanted, const Listener &emit) {
  const kube::Autoscaler a = kube::autoscaler_of(live(cluster, wanted));
  for (const kube::Condition &c : a.conditions)
    if (c.type == "ScalingActive" && c.status == "False" && c.reason != "ScalingDisabled")
      return emit(event::Warning{"HorizontalPodAutoscaler/" + a.name,
                                 fmt::format("it gets no metrics ({}): {}", c.reason, c.message)});
  if (kube::value_at(wanted.node, ".spec.metrics").find("\"Resource\"") != std::string::npos &&
      cluster.get("/apis/metrics.k8s.io/v1beta1").status != 200)
    emit(event::Warning{
        "HorizontalPodAutoscaler/" + wanted.name,
        "the cluster serves no resource metrics (metrics.k8s.io): it will not scale; install "
        "metrics-server"});
}

} // namespace

std::string target_port(const Set &set) {
  const manifest::Object *service = find(set, "Service");
  if (!service) return "";
  const std::string target = scalar(service->node, ".spec.ports[0].targetPort");
  return target.empty() ? scalar(service->node, ".spec.ports[0].port") : target;
}

bool report(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit) {
  PortForward forward(cluster);
  return report(cluster, set, options, emit, forward);
}

bool report(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit,
            PortForward &forward) {
  const manifest::Object *ingress = find(set, "Ingress"), *service = find(set, "Service"),
                         *scaler = find(set, "HorizontalPodAutoscaler");
  const bool asked = options.verify && (service || !options.verify_url.empty());
  if (const manifest::Object *wanted = find(set, "Deployment");
      wanted && kube::value_at(live(cluster, *wanted), ".spec.replicas") == "0") {
    if (kube::value_at(wanted->node, ".spec.replicas") == "0") {
      emit(event::Warning{"Deployment/" + wanted->name, "it is scaled to 0, so no pod serves"});
      return true;
    }
    emit(event::ScaledToZero{wanted->name, asked});
    return !asked;
  }
  if (asked && options.verify_url.empty()) // starts while the rest is read
    forward.start("service/" + service->name, scalar(service->node, ".spec.ports[0].port"));
  if (ingress) report_ingress(cluster, *ingress, emit);
  if (service)
    report_service(live(cluster, *service), service->name, cluster.access(), ingress != nullptr,
                   emit);
  if (scaler) warn_autoscaler(cluster, *scaler, emit);
  if (!asked) return true;
  const Response response = options.verify_url.empty() ? forward.get() : get(options.verify_url);
  const std::string object = service ? "Service/" + service->name : "";
  if (response.ok)
    emit(event::Answers{object, response.url, response.text});
  else
    emit(event::NoAnswer{object, response.url, response.text});
  return response.ok;
}

} // namespace hello::deploy
