#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "hello/text.h"
#include "support/check_world.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;

namespace {

std::string series(const std::string &value) {
  return R"({"status":"success","data":{"resultType":"vector","result":[)" +
         (value.empty() ? "" : R"({"metric":{},"value":[1767225600,")" + value + "\"]}") + "]}}";
}

/// Prometheus gives these values all the time: of `up`, and of the counter; empty: no series.
Outcome scrape_with(const std::string &up, const std::string &counted, int answered = 50) {
  World world("monitoring: {prometheus: 'http://prometheus:9090/'}\n");
  world.said["check-scrape"] = log_of({get(0, answered, 0)});
  for (int i = 0; i < 100; ++i) {
    world.cluster.replies.push_back({200, series(up)});
    world.cluster.replies.push_back({200, series(counted)});
  }
  return world.outcome("scrape");
}

} // namespace

TEST_CASE("check: scrape compares Prometheus' counter with the requests that a pod answered") {
  CHECK(scrape_with("1", "50").verdict == Verdict::pass);
  CHECK(scrape_with("", "").cause == "NotScraped");
  CHECK(scrape_with("0", "").cause == "TargetDown");
  CHECK(scrape_with("1", "10").cause == "WrongCounter");
  CHECK(scrape_with("1", "10").verdict == Verdict::fail);
  CHECK(scrape_with("1", "50", 49).verdict == Verdict::inconclusive);
  for (const sys::HttpReply &reply :
       {sys::HttpReply{401, "no"}, sys::HttpReply{200, "<html>"}, sys::HttpReply{200, "{}"},
        sys::HttpReply{200, "[]"}, sys::HttpReply{200, R"({"status":"success","data":null})"},
        sys::HttpReply{200, R"({"status":"error","errorType":"execution","error":"x"})"}}) {
    World world("monitoring: {prometheus: 'http://prometheus:9090'}\n");
    world.said["check-scrape"] = log_of({get(0, 50, 0)});
    world.cluster.replies.push_back(reply);
    CHECK(world.outcome("scrape").verdict == Verdict::inconclusive);
  }
  CHECK(World().outcome("scrape").verdict == Verdict::skip);
  CHECK(World("monitoring: {prometheus: 'http://p'}\nmetrics: {scrape: none}\n")
            .outcome("scrape")
            .verdict == Verdict::skip);
}

TEST_CASE("check: scrape asks a Prometheus in the cluster through the API server, if it may") {
  const std::string path = "/api/v1/namespaces/monitoring/services/http:prometheus:9090/proxy";
  World world("monitoring: {prometheus: 'http://prometheus.monitoring.svc:9090'}\n"),
      none("monitoring: {prometheus: 'http://prometheus.monitoring.svc.cluster.local:9090/'}\n");
  kube::Failure forbidden =
      failure(kube::Trouble::forbidden, "cannot get resource \"services/proxy\"");
  forbidden.rule = "a Role with this rule gives it";
  world.cluster.before_next(
      Operation::apply, [&] { world.cluster.fail_always(Operation::fetch, forbidden); },
      "Pod/check-start");
  const Outcome skipped = world.outcome("scrape"); // --full runs it with any account
  CHECK(skipped.verdict == Verdict::skip);
  CHECK(skipped.cause == "NotPermitted");
  CHECK(skipped.advice == forbidden.rule);
  const Outcome missing = none.outcome("scrape");
  CHECK(missing.verdict == Verdict::inconclusive);
  CHECK(missing.what.find("cannot ask Prometheus through the API server") == 0);
  CHECK(none.cluster.times("ask ") == 0);
}

TEST_CASE("check: scrape adds a rule with an end if it is named, and waits for its alert") {
  const auto named = [](World &world, const std::string &alert) {
    world.said["check-scrape"] = log_of({get(0, 50, 0)});
    for (const char *value : {"1", "50"}) world.cluster.replies.push_back({200, series(value)});
    world.cluster.replies.push_back({200, series("")});
    world.cluster.replies.push_back({200, series(alert)});
    return world.outcome("scrape");
  };
  const std::string settings = "monitoring: {prometheus: 'http://prometheus:9090'}\n"
                               "metrics: {objectLabels: {release: mine}}\n";
  World fires(settings), silent(settings), none(settings);
  json::Value rule;
  fires.cluster.on_write = [&](const kube::Id &id) {
    fires.react(id);
    if (const json::Value *live = fires.cluster.api.find(id); live && id.kind == "PrometheusRule")
      rule = *live;
  };
  const Outcome good = named(fires, "1");
  CHECK(good.verdict == Verdict::pass);
  CHECK(good.what.find("; the alert of a rule fires after 2 s") != std::string::npos);
  CHECK(rule.text("metadata", "labels", "release") == "mine");
  const json::Value &group = rule.at("spec", "groups").items()[0],
                    &alert = group.at("rules").items()[0];
  CHECK(alert.text("alert") == "HelloCheckTest");
  CHECK(alert.text("labels", "severity") == "none");
  const std::string expr = alert.text("expr"), start = "vector(1) and on() (vector(time()) < ";
  REQUIRE(expr.starts_with(start));
  const long end = std::strtol(expr.c_str() + start.size(), nullptr, 10);
  CHECK(end > std::time(nullptr));
  CHECK(end < std::time(nullptr) + 600);

  const Outcome missing = named(silent, "");
  CHECK(missing.verdict == Verdict::warn);
  CHECK(missing.cause == "NoAlert");
  CHECK(silent.left() == 0);
  none.cluster.fail_always(Operation::apply, failure(kube::Trouble::unknown_kind),
                           "PrometheusRule/check-rule");
  CHECK(named(none, "").what.find("the cluster has no PrometheusRule") != std::string::npos);
}

TEST_CASE("check: scrape removes its rule itself, whether its alert fires or not") {
  for (const char *alert : {"1", ""}) {
    World world("monitoring: {prometheus: 'http://prometheus:9090'}\n");
    world.options.namespaces.clear(); // the end of the run removes these, and no single object
    world.said["check-scrape"] = log_of({get(0, 50, 0)});
    for (const char *value : {"1", "50", alert})
      world.cluster.replies.push_back({200, series(value)});
    world.outcome("scrape");
    CHECK(world.cluster.times("apply PrometheusRule/check-rule") == 1);
    CHECK(world.cluster.times("remove PrometheusRule/check-rule") == 1);
  }
}

TEST_CASE("check: --full adds no rule to Prometheus, whatever the user's own rules are") {
  World world("monitoring: {prometheus: 'http://prometheus:9090'}\n"
              "metrics: {scrape: podMonitor, rules: prometheusRule}\n");
  world.options.full = true;
  for (const check::Info &info : check::all_checks())
    if (info.name != "start" && info.name != "scrape") world.options.skip.emplace_back(info.name);
  world.said["check-scrape"] = log_of({get(0, 50, 0)});
  for (const char *value : {"1", "50"}) world.cluster.replies.push_back({200, series(value)});
  const check::Report report = world.run({});
  REQUIRE(report.results.size() == 2);
  CHECK(report.results[1].name == "scrape");
  CHECK(report.results[1].outcome.verdict == Verdict::pass);
  std::string done;
  for (const std::string &line : world.cluster.journal) done += line + "\n";
  CHECK(done.find("PodMonitor/check-scrape") != std::string::npos);
  CHECK(done.find("PrometheusRule/") == std::string::npos);
}

namespace {

sys::HttpReply refuse(const std::string &, int, const std::string &, const std::string &) {
  return {0, "connection refused"};
}

void put_node(World &world, const std::string &name, const std::string &spec = "{}",
              const std::string &labels = "{}") {
  world.cluster.api.put(object(fmt::format(
      "{{apiVersion: v1, kind: Node, metadata: {{name: {}, labels: {}}}, spec: {}, status: "
      "{{conditions: [{{type: Ready, status: 'True'}}], addresses: [{{type: Hostname, address: "
      "h}}, "
      "{{type: InternalIP, address: 10.9.0.1}}]}}}}",
      name, labels, spec)));
}

/// With one node for our pods and one with a taint.
Outcome node_port_with(const std::string &control, const std::string &through) {
  World world;
  world.options.ask = refuse;
  put_node(world, "n1");
  put_node(world, "other", "{taints: [{key: gpu, effect: NoSchedule}]}");
  world.said["check-node-port"] = log_of({control, through});
  return world.outcome("node-port");
}

} // namespace

TEST_CASE("check: node-port needs every node that takes our pods, and the same Service otherwise") {
  const Outcome good = node_port_with(get(1, 3, 0), get(2, 3, 0));
  CHECK(good.verdict == Verdict::pass);
  CHECK(good.what.find("port 30123 of 1 nodes; from this machine 0 of 1") != std::string::npos);
  const Outcome dead = node_port_with(get(1, 3, 0), get(2, 0, 3));
  CHECK(dead.cause == "NodePortDead");
  CHECK(dead.evidence[0].find("Node/n1, 10.9.0.1:30123: 0 of 3") != std::string::npos);
  CHECK(node_port_with(get(1, 0, 3), get(2, 0, 3)).verdict == Verdict::inconclusive);
  World closed;
  kube::Failure forbidden = failure(kube::Trouble::forbidden, "nodes is forbidden");
  forbidden.rule = "list nodes";
  closed.cluster.fail_always(Operation::list, forbidden, "Node");
  const Outcome skipped = closed.outcome("node-port");
  CHECK(skipped.verdict == Verdict::skip);
  CHECK(skipped.cause == "NotPermitted");
}

namespace {

std::string load_line(int step, int errors = 0) {
  return fmt::format("\"i\":{},\"step\":\"load\",\"planned\":600,\"answered\":600,\"errors\":{},"
                     "\"saturated\":\"\",\"lost\":{{}},\"statuses\":{{}},\"lagp99us\":9,\"p99us\":"
                     "900",
                     step, errors);
}

std::string eviction(int pod) {
  return fmt::format("/api/v1/namespaces/shop/pods/check-steady-{}/eviction", pod);
}

/// The first pod is evicted.
struct Evicting : World {
  Evicting() {
    said["check-evictions"] = log_of({get(0, 5, 0), load_line(1), load_line(2)});
    for (const int pod : {0, 1}) {
      cluster.paths[eviction(pod)] = json::object();
      cluster.before_next(
          Operation::post,
          [this, pod] {
            cluster.api.erase({"v1", "Pod", "shop", fmt::format("check-steady-{}", pod)});
          },
          eviction(pod));
    }
  }
};

const kube::Failure kBudget =
    failure(kube::Trouble::too_many_requests,
            "Cannot evict pod as it would violate the pod's disruption budget.");

} // namespace

TEST_CASE("check: budget must let one pod go, and refuse the second") {
  Evicting good, open, lost, broken, forbidden;
  good.cluster.fail_always(Operation::post, kBudget, eviction(1));
  const Outcome passed = good.outcome("budget");
  INFO(passed.what);
  CHECK(passed.verdict == Verdict::pass);
  CHECK(open.outcome("budget").cause == "NotProtected");

  lost.cluster.fail_always(Operation::post, kBudget, eviction(1));
  lost.said["check-evictions"] = log_of({get(0, 5, 0), load_line(1), load_line(2, 7)});
  CHECK(lost.outcome("budget").cause == "RequestsLost");

  broken.cluster.fail_always(Operation::post, failure(kube::Trouble::other, "internal error"));
  CHECK(broken.outcome("budget").verdict == Verdict::inconclusive);
  kube::Failure rbac = failure(kube::Trouble::forbidden, "cannot create pods/eviction");
  rbac.rule = "create pods/eviction";
  forbidden.cluster.fail_always(Operation::post, rbac);
  CHECK(forbidden.outcome("budget").verdict == Verdict::skip);
}

TEST_CASE("check: budget is inconclusive if it lets no pod go from the beginning") {
  Evicting world;
  world.cluster.on_write = [&](const kube::Id &id) {
    world.react(id);
    if (id.kind == "PodDisruptionBudget" && world.cluster.api.find(id))
      world.cluster.api.update(id, "", [](json::Value &budget) {
        budget["status"]["disruptionsAllowed"] = json::integer(0);
      });
  };
  CHECK(world.outcome("budget").cause == "ControlFailed");
}

namespace {

std::string disk(const std::string &wrote, const std::string &hash, const std::string &why = "",
                 int p99us = 900) {
  return fmt::format("\"i\":0,\"step\":\"disk\",\"why\":\"{}\",\"wrote\":\"{}\",\"hash\":\"{}\","
                     "\"p99us\":{}",
                     why, wrote, hash, p99us);
}

Outcome storage_with(const std::string &first, const std::string &second, bool bound = true) {
  World world;
  world.has_volumes = bound;
  world.cluster.api.put(object("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: "
                               "{name: disk, annotations: "
                               "{storageclass.kubernetes.io/is-default-class: 'true'}}}"));
  world.said["check-disk"] = log_of({first});
  world.said["check-disk-again"] = log_of({second});
  return world.outcome("storage");
}

} // namespace

TEST_CASE("check: storage reads in a second pod what the first one wrote") {
  const std::string good = disk("aa", "aa"), again = disk("00", "aa");
  CHECK(storage_with(good, again).verdict == Verdict::pass);
  CHECK(storage_with(disk("aa", "aa", "", 90'000), again).cause == "SlowFsync");
  CHECK(storage_with(disk("aa", "aa", "", 90'000), again).verdict == Verdict::warn);
  CHECK(storage_with(good, again, false).cause == "NotBound");
  CHECK(storage_with(good, disk("00", "bb")).cause == "DataLost");
  CHECK(storage_with(disk("aa", "bb"), again).cause == "WrongData");
  CHECK(storage_with(disk("aa", "", "Permission denied"), again).cause == "NotWritable");
  World none, unknown("check: {storageClass: fast}\n"), cut;
  CHECK(none.outcome("storage").verdict == Verdict::skip);
  CHECK(unknown.outcome("storage").cause == "NoClass");
}

namespace {

std::string clock_line(int step, int offset_ms, const std::string &why = "") {
  return fmt::format("\"i\":{},\"step\":\"clock\",\"why\":\"{}\",\"offus\":{}", step, why,
                     offset_ms * 1000);
}

/// Three pods on two of two nodes; the clocks differ by so much.
Outcome spread_with(int apart_ms, int self_ms = 0, int nodes = 2) {
  World world;
  world.nodes = nodes;
  put_node(world, "n1");
  put_node(world, "n2",
           "{unschedulable: true, taints: [{key: node.kubernetes.io/unschedulable, "
           "effect: NoSchedule}]}");
  put_node(world, "other", "{taints: [{key: gpu, effect: NoSchedule}]}");
  world.said["check-spread"] = log_of({clock_line(0, 7), clock_line(1, 7 + apart_ms),
                                       clock_line(2, 7), clock_line(3, 7 + self_ms)});
  return world.outcome("spread");
}

} // namespace

TEST_CASE("check: spread compares the pods of nodes, and their clocks") {
  const Outcome good = spread_with(3);
  CHECK(good.verdict == Verdict::pass);
  CHECK(good.what == "3 pods on 2 nodes, whose clocks are 3 ms apart");
  CHECK(spread_with(-1500).verdict == Verdict::warn);
  CHECK(spread_with(-1500).cause == "ClocksApart");
  CHECK(spread_with(6000).verdict == Verdict::fail);
  CHECK(spread_with(0, 300).verdict == Verdict::inconclusive);
  const Outcome crowded = spread_with(0, 0, 1);
  CHECK(crowded.cause == "NotSpread");
  CHECK(crowded.evidence[1] == "Node/n2: 0 pods, cordoned");
  World single, silent;
  put_node(single, "n1");
  CHECK(single.outcome("spread").verdict == Verdict::skip);
  silent.nodes = 2;
  put_node(silent, "n1");
  put_node(silent, "n2");
  silent.said["check-spread"] = log_of({clock_line(0, 7), clock_line(1, 0, "refused")});
  CHECK(silent.outcome("spread").verdict == Verdict::inconclusive);
}

TEST_CASE("check: spread leaves out nodes that the required node affinity excludes") {
  const auto cause = [](const std::string &expressions) {
    World world("affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
                "{nodeSelectorTerms: [{matchExpressions: [" +
                expressions + "]}]}}}\n");
    world.nodes = 2;
    put_node(world, "n1", "{}", "{pool: a, size: '8'}");
    put_node(world, "n2", "{}", "{pool: a, size: '9'}");
    put_node(world, "n3", "{}", "{size: '4', old: ''}");
    world.said["check-spread"] =
        log_of({clock_line(0, 7), clock_line(1, 7), clock_line(2, 7), clock_line(3, 7)});
    return world.outcome("spread").cause;
  };
  for (const char *fits :
       {"{key: pool, operator: In, values: [a]}", "{key: pool, operator: Exists}",
        "{key: old, operator: DoesNotExist}", "{key: size, operator: Gt, values: ['4']}",
        "{key: size, operator: NotIn, values: ['4']}"}) {
    CAPTURE(fits);
    CHECK(cause(fits).empty());
  }
  // n3 fits too, and has none of the three pods, two of which are on n1
  CHECK(cause("{key: size, operator: Lt, values: ['10']}") == "NotSpread");
}

namespace {

/// The autoscaler wants three pods, and after `after` one; they use so much CPU.
Outcome scale_down_with(std::chrono::seconds after, const std::string &cpu) {
  World world;
  const kube::Id id{"autoscaling/v2", "HorizontalPodAutoscaler", "shop", "check-scale"};
  world.cluster.api.put(object("{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, "
                               "metadata: {name: check-scale, namespace: shop}, status: "
                               "{desiredReplicas: 3}}"));
  world.cluster.after(after, [&] {
    world.cluster.api.update(id, "", [](json::Value &autoscaler) {
      autoscaler["status"]["desiredReplicas"] = json::integer(1);
    });
  });
  if (!cpu.empty())
    world.cluster.paths["/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods?labelSelector=" +
                        text::percent_encoded(names::pods_selector("check-scale"))] =
        json::parse(R"({"items": [{"containers": [{"usage": {"cpu": ")" + cpu + "\"}}]}]}", "m");
  check::Context context(world.cluster, world.user, world.options, world.listener);
  return check_scale_down(context);
}

} // namespace

TEST_CASE("check: scale-down needs one pod again, with metrics and without load") {
  CHECK(scale_down_with(40s, "1m").verdict == Verdict::pass);
  CHECK(scale_down_with(400s, "1m").cause == "NotScaledDown");
  CHECK(scale_down_with(400s, "").cause == "NoMetrics");
  CHECK(scale_down_with(400s, "900m").verdict == Verdict::inconclusive);
}

namespace {

std::string asked_host;

sys::HttpReply answer(const std::string &, int, const std::string &host, const std::string &) {
  asked_host = host;
  return {200, fmt::format("{}-message-1", kRun)};
}

sys::HttpReply other_answer(const std::string &, int, const std::string &, const std::string &) {
  return {404, "page not found"};
}

struct Outside : World {
  explicit Outside(const std::string &settings = "") : World(settings) {
    options.ask = answer;
    options.only = {};
    said["check-gateway"] = log_of({get(0, 150, 0)});
    said["check-load-balancer"] = log_of({get(0, 3, 0)});
  }
  /// From now on an object has this status, once it is made.
  void give(const std::string &kind, const std::string &status) {
    cluster.on_write = [this, kind, status](const kube::Id &id) {
      react(id);
      if (id.kind == kind && cluster.api.find(id) &&
          (kind != "Service" || id.name == "check-load-balancer"))
        cluster.api.update(id, "", [&](json::Value &found) { found["status"] = object(status); });
    };
  }
};

constexpr const char *kParents = "gateway: {parentRefs: [{name: edge, namespace: infra}]}\n";

Outcome gateway_with(const std::string &status, check::Ask ask = answer) {
  Outside world(kParents);
  world.options.ask = ask;
  world.cluster.served.insert("gateway.networking.k8s.io/v1");
  world.cluster.api.put(
      object("{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: "
             "{name: edge, namespace: infra}, status: {addresses: [{value: "
             "198.18.0.9}]}}"));
  world.give("HTTPRoute", status);
  return world.outcome("gateway");
}

} // namespace

TEST_CASE("check: gateway needs a Gateway that accepts the route, and our pods behind it") {
  const std::string edge = "{parentRef: {name: edge, namespace: infra}, conditions: ",
                    accepted = "{parents: [" + edge + "[{type: Accepted, status: 'True'}]}]}";
  const Outcome good = gateway_with(accepted);
  INFO(good.what);
  CHECK(good.verdict == Verdict::pass);
  CHECK(asked_host == std::string(kRun) + "-gateway.hello-check.invalid");
  const Outcome refused = gateway_with("{parents: [{conditions: [{type: Accepted, status: 'False', "
                                       "reason: NotAllowedByListeners, message: m}]}]}");
  CHECK(refused.cause == "NotAccepted");
  CHECK(refused.evidence[0] == "NotAllowedByListeners: m");
  CHECK(gateway_with("{}").cause == "NotAccepted");
  // one of several is enough, and its address is asked
  CHECK(gateway_with("{parents: [{parentRef: {name: other}, conditions: [{type: Accepted, status: "
                     "'False', reason: NoMatchingParent, message: m}]}, " +
                     edge + "[{type: Accepted, status: 'True'}]}]}")
            .verdict == Verdict::pass);
  CHECK(gateway_with(accepted, other_answer).cause == "NoRoute");
  CHECK(Outside().outcome("gateway").verdict == Verdict::skip);
  CHECK(Outside(kParents).outcome("gateway").verdict == Verdict::skip);
}

TEST_CASE("check: load-balancer needs an address that leads to our pods, and is removed at once") {
  const std::string address = "{loadBalancer: {ingress: [{ip: 198.18.0.50}]}}";
  Outside good, none, elsewhere, broken;
  good.give("Service", address);
  CHECK(good.outcome("load-balancer").verdict == Verdict::pass);
  CHECK(good.left() == 0);
  CHECK(none.outcome("load-balancer").cause == "NoAddress");
  elsewhere.give("Service", address);
  elsewhere.options.ask = other_answer;
  CHECK(elsewhere.outcome("load-balancer").cause == "NoRoute");
  broken.said["check-load-balancer"] = log_of({get(0, 0, 3)});
  CHECK(broken.outcome("load-balancer").verdict == Verdict::inconclusive);
  check::Options full;
  full.full = true;
  for (const std::string_view name : check::chosen(full)) CHECK(name != "load-balancer");
}

TEST_CASE("check: a check brings all that it needs") {
  check::Options options;
  options.only = {"scale-down"};
  const auto names = check::chosen(options);
  for (const std::string_view name : {"start", "autoscaler", "scale-down"})
    CHECK(std::find(names.begin(), names.end(), name) != names.end());
}

TEST_CASE("check: the plan lists each object that a run makes, and no setting that it reads") {
  Outside world("gateway: {parentRefs: [{name: edge, namespace: infra}]}\n"
                "monitoring: {prometheus: 'http://prometheus:9090'}\n"
                "metrics: {scrape: podMonitor}\nreplicas: 9\n");
  world.cluster.served.insert("gateway.networking.k8s.io/v1");
  put_node(world, "n1");
  put_node(world, "n2");
  world.cluster.api.put(object("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: "
                               "{name: disk, annotations: "
                               "{storageclass.kubernetes.io/is-default-class: 'true'}}}"));
  world.said["check-scrape"] = log_of({get(0, 50, 0)});
  for (const char *value : {"1", "50", "1"}) world.cluster.replies.push_back({200, series(value)});
  world.options.timeout = 90min;
  for (const check::Info &info : check::all_checks()) world.options.only.emplace_back(info.name);
  const check::Plan plan = check::plan(world.cluster, world.user, world.options);
  CHECK(plan.left_out == std::vector<std::string>{"replicas"});
  std::string listed;
  for (const std::string &one : plan.objects) listed += one + "\n";
  CHECK(world.cluster.journal.empty());
  world.run(world.options.only);
  const auto ids_in = [](std::string_view line) {
    std::set<std::string> ids;
    for (std::string_view word : text::words(line)) {
      if (word.ends_with(',')) word.remove_suffix(1);
      if (word.find('/') != word.npos && !word.starts_with("Pod/")) ids.emplace(word);
    }
    return ids;
  };
  std::set<std::string> made;
  for (const std::string &line : world.cluster.journal)
    if (line.starts_with("apply ")) made.merge(ids_in(line));
  CHECK(made.size() > 35);
  CHECK(ids_in(listed) == made);
  check::Options api;
  api.only = {"api"};
  const check::Plan reads = check::plan(world.cluster, world.user, api); // and makes nothing
  CHECK(reads.objects.empty());
  CHECK(reads.pods == 0);
  CHECK(reads.rights ==
        std::vector<std::string>{"for the whole cluster, to read: nodes, apiservices"});
  for (const char *one : {"Deployment/check-probes", "NetworkPolicy/check-shut", "HTTPRoute/",
                          "PrometheusRule/", "PersistentVolumeClaim/"})
    CHECK(listed.find(one) != std::string::npos);
}

TEST_CASE(
    "check: the plan leaves out what the settings switch off, and names the right to a proxy") {
  World world("probes: {liveness: null}\n"),
      proxied("monitoring: {prometheus: 'http://prom.monitoring.svc:9090'}\n");
  for (World *one : {&world, &proxied}) one->options.only = {"probes", "scrape", "gateway"};
  std::string listed, rights;
  for (const std::string &one : check::plan(world.cluster, world.user, world.options).objects)
    listed += one + "\n";
  for (const char *none : {"check-probes", "check-scrape", "PrometheusRule", "HTTPRoute"})
    CHECK(listed.find(none) == std::string::npos);
  CHECK(listed.find("Ingress/check-steady") != std::string::npos);
  for (const std::string &one : check::plan(proxied.cluster, proxied.user, proxied.options).rights)
    rights += one + "\n";
  CHECK(rights.find("services/proxy") != std::string::npos);
  CHECK(rights.find("/namespaces/monitoring/services/") != std::string::npos);
}

TEST_CASE("check: what begins early and is refused is not known, with the API server's words") {
  const auto refusal = [](const char *about, const char *check, bool rbac) {
    World world;
    kube::Failure failure = test::failure(kube::Trouble::forbidden, "exceeded quota: q");
    if (rbac) failure.rule = "a Role with this rule";
    world.cluster.fail_always(Operation::apply, failure, about);
    return world.outcome(check);
  };
  for (const bool rbac : {false, true}) {
    const Outcome scale = refusal("HorizontalPodAutoscaler/check-scale", "autoscaler", rbac),
                  probes = refusal("Deployment/check-probes", "probes", rbac);
    for (const Outcome *one : {&scale, &probes}) {
      CHECK(one->verdict == Verdict::inconclusive);
      CHECK(one->cause == (rbac ? "NotPermitted" : "Refused"));
      CHECK(one->what.find("exceeded quota: q") != std::string::npos);
    }
  }
  const Outcome burner = refusal("Pod/check-burn", "metrics", false);
  CHECK(burner.verdict == Verdict::inconclusive);
  CHECK(burner.cause == "NoInstrument");
  CHECK(burner.what.find("exceeded quota: q") != std::string::npos);
}
