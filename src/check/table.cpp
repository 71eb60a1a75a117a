#include "check/context.h"

namespace hello::check {
namespace {

constexpr Check kChecks[] = {
    {{"api", Tier::core, "", "the API server answers in time, and its extensions are available", 3},
     check_api},
    {{"start", Tier::core, "", "the service's pods are admitted, scheduled, started and answer",
      10},
     check_start},
    {{"dns", Tier::core, "start", "pods find a Service by its name, over UDP and TCP", 8},
     check_dns},
    {{"service", Tier::core, "start",
      "a Service reaches every pod, large packets pass, and a deleted pod gets no more", 30},
     check_service},
    {{"ingress", Tier::core, "start",
      "the Ingress controller leads our host to our pods, also while one is replaced", 25},
     check_ingress},
    {{"policy", Tier::core, "start", "NetworkPolicies close what they say, in and out", 25},
     check_policy},
    {{"security", Tier::core, "start",
      "privileged pods are refused, and ours runs with the rights that it asks for", 6},
     check_security},
    {{"rollout", Tier::core, "start",
      "a changed message and a bad image under load lose no request", 70},
     check_rollout},
    {{"probes", Tier::core, "start",
      "a failing readiness probe takes a pod out of its Service, a failing liveness probe restarts "
      "it",
      20},
     check_probes,
     begin_probes},
    {{"metrics", Tier::core, "start", "the metrics API reports a pod's CPU use, soon and right",
      20},
     check_metrics,
     begin_metrics},
    {{"autoscaler", Tier::core, "start",
      "load makes the autoscaler add pods, and a deploy keeps them", 30},
     check_autoscaler,
     begin_autoscaler},
    {{"scale-down", Tier::full, "autoscaler", "without load the autoscaler takes pods away", 90},
     check_scale_down},
    {{"gateway", Tier::full, "start",
      "a Gateway leads our host to our pods, also while one is replaced", 25},
     check_gateway},
    {{"load-balancer", Tier::named, "start", "a load balancer leads to our pods", 60},
     check_load_balancer},
    {{"spread", Tier::full, "", "pods are spread over nodes, whose clocks agree", 15},
     check_spread},
    {{"scrape", Tier::full, "start", "Prometheus finds a pod and counts its requests", 30},
     check_scrape},
    {{"node-port", Tier::full, "start", "a port of each node leads to our pods", 11},
     check_node_port},
    {{"budget", Tier::full, "start",
      "a disruption budget lets one pod go at a time, and no request is lost", 50},
     check_budget},
    {{"storage", Tier::full, "start", "a claim gets a volume, which outlives a pod", 40},
     check_storage},
    {{"logs", Tier::full, "start", "what a pod prints arrives in the log store", 15}, check_logs},
};

} // namespace

std::span<const Check> table() { return kChecks; }

} // namespace hello::check
