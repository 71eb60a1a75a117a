#include <algorithm>

#include <fmt/core.h>

#include "deploy/port_forward.h"
#include "deploy/reach.h"
#include "hello/deploy.h"

namespace hello::deploy {
namespace {

using kube::Trouble;

const kube::Object *find(const Set &set, std::string_view kind) {
  const auto found = std::find_if(
      set.begin(), set.end(), [&](const kube::Object &object) { return object.id.kind == kind; });
  return found == set.end() ? nullptr : &*found;
}

/// A scalar's text at a path; "" if there is none.
std::string scalar(const json::Value &object, std::string_view path) {
  const json::Value *value = kube::find_at(object, path);
  return value ? std::string(value->text()) : "";
}

/// First address that a load balancer or an Ingress controller has written into the status.
std::string address(const json::Value &object) {
  for (const json::Value &first : object.at("status", "loadBalancer", "ingress").items())
    return first.find("ip") ? first.text("ip") : first.text("hostname");
  return "";
}

void report_ingress(kube::Cluster &cluster, const kube::Object &wanted, const std::string &path,
                    const Listener &emit) {
  const json::Value ingress = look_up(cluster, wanted.id).value;
  const std::string object = wanted.id.text(), at = address(ingress);
  if (!ingress.at("spec").find("ingressClassName"))
    emit(event::Warning{
        object, "it has no class: unless the cluster has a default one, no controller takes it "
                "(ingress.className)"});
  else if (const std::string name = ingress.text("spec", "ingressClassName");
           cluster.read({"networking.k8s.io/v1", "IngressClass", "", name})
               .failed_with(Trouble::not_found))
    emit(event::Warning{object, fmt::format("its class {} is not in the cluster, so no controller "
                                            "takes it (ingress.className)",
                                            name)});
  else if (at.empty())
    emit(event::Warning{object, "no controller has given it an address yet"});
  const json::Value *tls = ingress.at("spec").find("tls");
  if (tls)
    for (const json::Value &one : tls->items())
      if (const std::string secret = one.text("secretName");
          !secret.empty() &&
          cluster.read({"v1", "Secret", wanted.id.ns, secret}).failed_with(Trouble::not_found))
        emit(event::Warning{object, fmt::format("its TLS secret {} is not there", secret)});
  for (const json::Value &rule : ingress.at("spec", "rules").items()) {
    const std::string host = rule.find("host") ? rule.text("host") : at;
    emit(event::Reachable{
        object, fmt::format("{}://{}{}", tls ? "https" : "http", host, path), host, at, {}});
  }
}

void report_service(const json::Value &service, const kube::Id &id, const std::string &path,
                    const Listener &emit) {
  const std::string type = service.text("spec", "type"), object = id.text();
  if (type == "LoadBalancer") {
    const std::string at = address(service);
    if (at.empty())
      emit(event::Warning{object, "its load balancer has no address yet"});
    else
      emit(event::Reachable{object, fmt::format("http://{}{}", at, path), {}, at, {}});
  }
  const auto &ports = service.at("spec", "ports").items();
  if (type == "NodePort" || type == "LoadBalancer")
    for (const json::Value &port : ports)
      if (const std::string node_port = port.text("nodePort"); !node_port.empty())
        emit(event::Reachable{
            object, fmt::format("http://ANY-NODE:{}{}", node_port, path), {}, {}, node_port});
}

/// The way that always works.
void report_tunnel(const json::Value &service, const kube::Id &id, const kube::Access &access,
                   const Listener &emit) {
  const std::string port = scalar(service, ".spec.ports[0].port");
  if (service.text("spec", "type") != "ClusterIP" || port.empty()) return;
  emit(event::Reachable{
      id.text(), fmt::format("kubectl{}{} port-forward service/{} 8080:{}",
                             access.context.empty() ? "" : " --context " + access.context,
                             access.ns.empty() ? "" : " --namespace " + access.ns, id.name, port)});
}

void warn_autoscaler(kube::Cluster &cluster, const kube::Object &wanted, const Listener &emit) {
  const kube::Autoscaler a = kube::autoscaler_of(look_up(cluster, wanted.id).value);
  for (const kube::Condition &c : a.conditions)
    if (c.type == "ScalingActive" && c.status == "False" && c.reason != "ScalingDisabled")
      return emit(event::Warning{wanted.id.text(),
                                 fmt::format("it gets no metrics ({}): {}", c.reason, c.message)});
  const auto &metrics = wanted.value.at("spec", "metrics").items();
  const bool by_resource =
      std::any_of(metrics.begin(), metrics.end(),
                  [](const json::Value &metric) { return metric.text("type") == "Resource"; });
  if (by_resource && !cluster.serves("metrics.k8s.io/v1beta1"))
    emit(event::Warning{
        wanted.id.text(),
        "the cluster serves no resource metrics (metrics.k8s.io): it will not scale; install "
        "metrics-server"});
}

void start(PortForward &forward, const kube::Object &service) {
  forward.start("service/" + service.id.name, scalar(service.value, ".spec.ports[0].port"));
}

/// How long an exposed address may take: longer where it decides.
std::chrono::seconds patience(const Options &options) {
  return std::chrono::seconds(options.verify_exposed ? 10 : 3);
}

/// The response of the service where the options say.
Response ask(kube::Cluster &cluster, const Options &options, const Reach &reach,
             const std::string &path, PortForward &forward, const kube::Object *service) {
  if (options.through_forward()) {
    const Response response = forward.get(path);
    if (response.ok || !forward.has_ended()) return response;
    PortForward other(cluster); // the pod of the first may have gone
    start(other, *service);
    return other.get(path);
  }
  if (!options.verify_exposed) return get(cluster, options.verify_url);
  return reach.first().value_or(
      Response{false, "the exposed address", "the cluster has given it none yet"});
}

bool scaled_to_zero(const json::Value &deployment) {
  return deployment.at("spec", "replicas").text() == "0";
}

} // namespace

std::string base_path(const Set &set) {
  constexpr std::string_view kFlag = "--base-path=";
  std::string path = "/";
  if (const kube::Object *deployment = find(set, "Deployment"))
    for (const json::Value &container :
         deployment->value.at("spec", "template", "spec", "containers").items())
      for (const json::Value &arg : container.at("args").items())
        if (arg.text().starts_with(kFlag)) path = arg.text().substr(kFlag.size());
  return path.ends_with('/') ? path : path + "/";
}

std::string target_port(const Set &set) {
  const kube::Object *service = find(set, "Service");
  if (!service) return "";
  const std::string target = scalar(service->value, ".spec.ports[0].targetPort");
  return target.empty() ? scalar(service->value, ".spec.ports[0].port") : target;
}

bool report(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit) {
  PortForward forward(cluster);
  return report(cluster, set, options, emit, forward);
}

bool report(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit,
            PortForward &forward) {
  Reach reach(cluster, patience(options));
  return report(cluster, set, options, emit, forward, reach);
}

bool report(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit,
            PortForward &forward, Reach &reach) {
  const kube::Object *ingress = find(set, "Ingress"), *service = find(set, "Service"),
                     *scaler = find(set, "HorizontalPodAutoscaler");
  const std::string path = base_path(set);
  const bool asked = options.verify && (service || !options.through_forward());
  const Listener note = [&](const Event &event) {
    const auto *way = std::get_if<event::Reachable>(&event);
    const auto answer = way && asked ? reach.ask(*way) : std::nullopt;
    if (!answer) return emit(event);
    event::Reachable known = *way;
    known.answered_by = answer->name();
    known.answer = answer->words();
    emit(known);
    emit(event::Note{known.how + ": " + known.answer});
  };
  if (const kube::Object *wanted = find(set, "Deployment");
      wanted && scaled_to_zero(look_up(cluster, wanted->id).value)) {
    if (scaled_to_zero(wanted->value)) {
      emit(event::Warning{wanted->id.text(), "it is scaled to 0, so no pod serves"});
      return true;
    }
    emit(event::ScaledToZero{wanted->id.name, asked});
    return !asked;
  }
  if (asked && options.through_forward()) // starts while the rest is read
    start(forward, *service);
  if (ingress) report_ingress(cluster, *ingress, path, note);
  if (service) {
    const json::Value live = look_up(cluster, service->id).value;
    report_service(live, service->id, path, note);
    if (!ingress) report_tunnel(live, service->id, cluster.access(), emit);
  }
  if (scaler) warn_autoscaler(cluster, *scaler, emit);
  if (!asked) return true;
  const Response response = ask(cluster, options, reach, path, forward, service);
  const std::string object = service ? service->id.text() : "";
  if (response.ok)
    emit(event::Answers{object, response.url, response.text});
  else
    emit(event::NoAnswer{object, response.url, response.text});
  return response.ok;
}

} // namespace hello::deploy
