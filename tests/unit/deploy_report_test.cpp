#include "deploy/reach.h"
#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using kube::Trouble;

namespace {

const kube::Id kIngress{"networking.k8s.io/v1", "Ingress", "shop", "hello"};

/// What answers at exposed addresses, and which were asked.
std::map<std::string, sys::HttpReply> &exposed() {
  static std::map<std::string, sys::HttpReply> replies;
  return replies;
}
std::vector<std::string> &asked() {
  static std::vector<std::string> urls;
  return urls;
}
sys::HttpReply ask_at(const std::string &url, const std::string &address,
                      std::chrono::milliseconds) {
  asked().push_back(url + " at " + address);
  const auto found = exposed().find(address);
  return found == exposed().end() ? sys::HttpReply{0, "no answer in time"} : found->second;
}

/// A set that is ready, and the report on it.
struct Report : Shop {
  release::Set set;

  explicit Report(release::Set deployed = hello_set()) : set(std::move(deployed)) {
    REQUIRE(run(set) == Exit::ok);
    cluster.journal.clear();
    exposed().clear();
    asked().clear();
  }
  bool noted(const std::string &text) const {
    for (const auto &note : seen.all<event::Note>())
      if (note.text == text) return true;
    return false;
  }
  void add_class(const std::string &name) {
    cluster.api.put(object("{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: "
                           "{name: " +
                           name + "}}"));
  }
  bool report() {
    seen.events.clear();
    deploy::PortForward forward(cluster);
    deploy::Reach reach(cluster, 3s, ask_at);
    return deploy::report(cluster, set, options, seen.listener, forward, reach);
  }
  void change(const kube::Id &id, const std::function<void(json::Value &)> &how) {
    cluster.api.update(id, "", how);
  }
  std::vector<std::string> ways() const {
    std::vector<std::string> out;
    for (const auto &one : seen.all<event::Reachable>()) out.push_back(one.how);
    return out;
  }
};

release::Set with_ingress(const std::string &spec) {
  release::Set set = hello_set();
  for (kube::Object &one :
       set_of("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: hello, "
              "namespace: shop}, spec: " +
              spec + "}"))
    set.push_back(one);
  return set;
}

release::Set with_metrics() {
  release::Set set = autoscaled(hello_set());
  in(set, "HorizontalPodAutoscaler")["spec"]["metrics"] =
      object("[{type: Resource, resource: {name: cpu}}]");
  return set;
}

using Ways = std::vector<std::string>;

} // namespace

TEST_CASE("report: a ClusterIP service is reached by a port-forward, and answers through one") {
  Report shop;
  CHECK(shop.report());
  CHECK(shop.ways() ==
        Ways{"kubectl --context lab --namespace shop port-forward service/hello 8080:80"});
  CHECK(shop.cluster.journal ==
        std::vector<std::string>{"forward service/hello:80", "ask http://127.0.0.1:40123/"});
  REQUIRE(shop.seen.last<event::Answers>());
  CHECK(shop.seen.last<event::Answers>()->object == "Service/hello");
  CHECK(shop.seen.last<event::Answers>()->url == "a port-forward");
}

TEST_CASE("report: a service with a base path is reached and asked there") {
  release::Set set = hello_set();
  in(set, "Deployment")["spec"]["template"]["spec"]["containers"] =
      object("[{name: hello, image: hello, args: [serve, --base-path=/shop]}]");
  Report shop(set);
  CHECK(shop.report());
  CHECK(shop.cluster.journal.back() == "ask http://127.0.0.1:40123/shop/");
  shop.change(kService, [](json::Value &service) {
    service["spec"] = object("{type: NodePort, ports: [{port: 80, nodePort: 30080}]}");
  });
  CHECK(shop.report());
  CHECK(shop.ways() == Ways{"http://ANY-NODE:30080/shop/"});
}

TEST_CASE("report: a NodePort service is reached at a node's port") {
  Report shop;
  shop.change(kService, [](json::Value &service) {
    service["spec"] = object("{type: NodePort, ports: [{port: 80, nodePort: 30080}, {port: 81}]}");
  });
  CHECK(shop.report());
  CHECK(shop.ways() == Ways{"http://ANY-NODE:30080/"});
  CHECK(shop.seen.last<event::Reachable>()->node_port == "30080");
}

TEST_CASE("report: a load balancer is reached at its address, once it has one") {
  Report shop;
  shop.change(kService, [](json::Value &service) {
    service["spec"] = object("{type: LoadBalancer, ports: [{port: 80, nodePort: 30080}]}");
  });
  CHECK(shop.report());
  CHECK(shop.warned("Service/hello", "its load balancer has no address yet"));
  CHECK(shop.ways() == Ways{"http://ANY-NODE:30080/"});
  shop.change(kService, [](json::Value &service) {
    service["status"] = object("{loadBalancer: {ingress: [{ip: 192.0.2.7}]}}");
  });
  CHECK(shop.report());
  CHECK(shop.seen.count<event::Warning>() == 0);
  CHECK(shop.ways() == Ways{"http://192.0.2.7/", "http://ANY-NODE:30080/"});
}

TEST_CASE("report: an Ingress is reached at its hosts") {
  Report shop(with_ingress("{ingressClassName: nginx, tls: [{secretName: cert}], rules: [{host: "
                           "a.example.org}, {host: b.example.org}]}"));
  shop.add_class("nginx");
  shop.change(kIngress, [](json::Value &ingress) {
    ingress["status"] = object("{loadBalancer: {ingress: [{hostname: lb.example.org}]}}");
  });
  CHECK(shop.report());
  CHECK(shop.ways() == Ways{"https://a.example.org/", "https://b.example.org/"});
  CHECK(shop.seen.last<event::Reachable>()->address == "lb.example.org");
  CHECK(shop.warned("Ingress/hello", "its TLS secret cert is not there"));
  CHECK(shop.seen.count<event::Warning>() == 1);
  shop.cluster.api.put(object("{apiVersion: v1, kind: Secret, metadata: {name: cert, namespace: "
                              "shop}}"));
  CHECK(shop.report());
  CHECK(shop.seen.count<event::Warning>() == 0);
}

TEST_CASE("report: a TLS secret that may not be read is not reported as missing") {
  Report shop(with_ingress("{ingressClassName: nginx, tls: [{secretName: cert}, {hosts: [c]}], "
                           "rules: [{host: a.example.org}]}"));
  shop.add_class("nginx");
  shop.change(kIngress, [](json::Value &ingress) {
    ingress["status"] = object("{loadBalancer: {ingress: [{ip: 192.0.2.7}]}}");
  });
  shop.cluster.fail_always(Operation::read, failure(Trouble::forbidden), "Secret/cert");
  CHECK(shop.report());
  CHECK(shop.seen.count<event::Warning>() == 0);
}

TEST_CASE("report: an Ingress without a class, or without an address, is a warning") {
  Report classless(with_ingress("{rules: [{host: a.example.org}]}"));
  CHECK(classless.report());
  CHECK(classless.warned("Ingress/hello", "it has no class"));
  CHECK(classless.seen.count<event::Warning>() == 1);
  Report unknown(with_ingress("{ingressClassName: nginx, rules: [{host: a.example.org}]}"));
  CHECK(unknown.report());
  CHECK(unknown.warned("Ingress/hello", "its class nginx is not in the cluster"));
  unknown.cluster.fail_always(Operation::read, failure(Trouble::forbidden), "IngressClass/nginx");
  CHECK(unknown.report());
  CHECK(unknown.warned("Ingress/hello", "no controller has given it an address yet"));
  Report waiting(with_ingress("{ingressClassName: nginx, rules: [{host: a.example.org}]}"));
  waiting.add_class("nginx");
  CHECK(waiting.report());
  CHECK(waiting.warned("Ingress/hello", "no controller has given it an address yet"));
}

TEST_CASE("report: an autoscaler without metrics is a warning") {
  Report shop(with_metrics());
  CHECK(shop.report());
  CHECK(shop.seen.count<event::Warning>() == 0);
  shop.cluster.served.clear();
  CHECK(shop.report());
  CHECK(shop.warned("HorizontalPodAutoscaler/hello", "the cluster serves no resource metrics"));
  shop.change(kAutoscaler, [](json::Value &scaler) {
    scaler["status"] = object("{conditions: [{type: ScalingActive, status: 'False', reason: "
                              "FailedGetResourceMetric, message: no metrics}]}");
  });
  CHECK(shop.report());
  CHECK(shop.seen.count<event::Warning>() == 1);
  CHECK(shop.warned("HorizontalPodAutoscaler/hello",
                    "it gets no metrics (FailedGetResourceMetric): no metrics"));
}

TEST_CASE("report: an autoscaler that is off, or scales by other metrics, is no warning") {
  Report shop(autoscaled(hello_set()));
  shop.cluster.served.clear();
  shop.change(kAutoscaler, [](json::Value &scaler) {
    scaler["status"] = object("{conditions: [{type: ScalingActive, status: 'False', reason: "
                              "ScalingDisabled, message: off}]}");
  });
  CHECK(shop.report());
  CHECK(shop.seen.count<event::Warning>() == 0);
}

TEST_CASE("report: a service that was scaled to 0 fails only where it was to be verified") {
  Report shop;
  shop.scale(0);
  CHECK_FALSE(shop.report());
  REQUIRE(shop.seen.last<event::ScaledToZero>());
  CHECK(shop.seen.last<event::ScaledToZero>()->fails);
  shop.options.verify = false;
  CHECK(shop.report());
  CHECK_FALSE(shop.seen.last<event::ScaledToZero>()->fails);
}

TEST_CASE("report: a set that asks for no pods is fine without any") {
  Report shop;
  shop.scale(0);
  in(shop.set, "Deployment")["spec"]["replicas"] = json::integer(0);
  CHECK(shop.report());
  CHECK(shop.warned("Deployment/hello", "it is scaled to 0, so no pod serves"));
  CHECK(shop.seen.count<event::ScaledToZero>() == 0);
}

TEST_CASE("report: a service that answers late is asked again for five seconds") {
  Report shop;
  const auto before = shop.cluster.elapsed();
  shop.cluster.replies = {{0, "connection refused"}, {404, "no"}, {302, ""}};
  CHECK(shop.report());
  CHECK(shop.cluster.times("ask ") == 3);
  CHECK(shop.cluster.elapsed() - before == 400ms);
  shop.cluster.replies = {{0, "connection refused"}};
  CHECK_FALSE(shop.report());
  CHECK(shop.cluster.elapsed() - before >= 5400ms);
  CHECK(shop.cluster.elapsed() - before < 6s);
  REQUIRE(shop.seen.last<event::NoAnswer>());
  CHECK(shop.seen.last<event::NoAnswer>()->why == "connection refused");
}

TEST_CASE("report: a port-forward that cannot start is no answer") {
  Report shop;
  shop.cluster.forward_address = failure(Trouble::timed_out);
  CHECK_FALSE(shop.report());
  CHECK(shop.seen.last<event::NoAnswer>()->why == "no pod took it within 10 s");
  shop.cluster.forward_address = failure(Trouble::forbidden, "pods/portforward is forbidden");
  CHECK_FALSE(shop.report());
  CHECK(shop.seen.last<event::NoAnswer>()->why.find("pods/portforward is forbidden") !=
        std::string::npos);
  CHECK(shop.cluster.times("ask ") == 0);
}

TEST_CASE("report: a URL of the user's is asked for ten seconds") {
  Report shop;
  shop.options.verify_url = "http://a.example.org/";
  CHECK(shop.report());
  CHECK(shop.seen.last<event::Answers>()->url == "http://a.example.org/");
  const auto before = shop.cluster.elapsed();
  shop.cluster.replies = {{500, "no"}};
  CHECK_FALSE(shop.report());
  CHECK(shop.cluster.elapsed() - before >= 10s);
  CHECK(shop.cluster.elapsed() - before < 11s);
  CHECK(shop.cluster.times("forward ") == 0);
}

TEST_CASE("report: a malformed URL is no answer, for the deploy itself is done") {
  Report shop;
  shop.options.verify_url = "ftp://a.example.org/";
  CHECK_FALSE(shop.report());
  CHECK(shop.seen.last<event::NoAnswer>()->url == "ftp://a.example.org/");
}

TEST_CASE("report: an interruption ends the questions") {
  Report shop;
  shop.cluster.replies = {{503, "no"}};
  shop.cluster.interrupt_after(1s);
  CHECK_THROWS_WITH_AS(shop.report(), "interrupted", Error);
}

TEST_CASE("report: without a Service there is nothing to verify but a URL") {
  Report shop;
  shop.set.pop_back();
  CHECK(shop.report());
  CHECK(shop.cluster.journal.empty());
  shop.options.verify_url = "http://a.example.org/";
  CHECK(shop.report());
  CHECK(shop.seen.last<event::Answers>()->object.empty());
}

namespace {

/// A shop whose Ingress has the address 192.0.2.7.
struct Exposed : Report {
  explicit Exposed(
      const std::string &spec = "{ingressClassName: nginx, rules: [{host: a.example}]}")
      : Report(with_ingress(spec)) {
    add_class("nginx");
    change(kIngress, [](json::Value &ingress) {
      ingress["status"] = object("{loadBalancer: {ingress: [{ip: 192.0.2.7}]}}");
    });
  }
  void answers(int status, const std::string &body) { exposed()["192.0.2.7"] = {status, body}; }
};

} // namespace

TEST_CASE("report: the exposed address is asked with its host and path, and is a line") {
  Exposed shop;
  shop.answers(200, R"({"messages":["hi"],"pod":"hello-1-2"})");
  CHECK(shop.report());
  CHECK(asked() == Ways{"http://a.example/ at 192.0.2.7"});
  CHECK(shop.noted("http://a.example/: answered by pod hello-1-2 of this release"));
  CHECK(shop.seen.last<event::Reachable>()->answered_by == "release");
  CHECK(shop.seen.last<event::Reachable>()->answer == "answered by pod hello-1-2 of this release");
  CHECK(shop.seen.last<event::Answers>()->url == "a port-forward");
  for (const char *body : {R"({"messages":["hi"],"pod":"other-1-2"})", "<html>", "{}"}) {
    shop.answers(200, body);
    CHECK(shop.report());
    CHECK(shop.noted("http://a.example/: answered by something else (status 200)"));
    CHECK(shop.seen.last<event::Reachable>()->answered_by == "other");
  }
  exposed().clear();
  CHECK(shop.report());
  CHECK(shop.noted("http://a.example/: not reached from here: no answer in time"));
  CHECK(shop.seen.last<event::Reachable>()->answered_by == "nothing");
  shop.options.verify = false;
  asked().clear();
  CHECK(shop.report());
  CHECK(shop.seen.last<event::Reachable>()->answered_by.empty());
  CHECK(asked().empty());
}

TEST_CASE("report: a route that a controller has not taken in yet is asked for again") {
  Exposed shop;
  shop.answers(404, "no route");
  shop.cluster.after(1s, [&] { shop.answers(200, R"({"pod":"hello-1-1"})"); });
  CHECK(shop.report());
  CHECK(shop.noted("http://a.example/: answered by pod hello-1-1 of this release"));
}

TEST_CASE("report: --reach exposed makes the exposed address decide") {
  Exposed shop;
  shop.options.verify_exposed = true;
  shop.answers(200, R"({"pod":"hello-1-1"})");
  CHECK(shop.report());
  CHECK(shop.seen.last<event::Answers>()->url == "http://a.example/");
  shop.answers(200, R"({"pod":"other"})");
  CHECK_FALSE(shop.report());
  CHECK(shop.seen.last<event::NoAnswer>()->why == "answered by something else (status 200)");
  shop.answers(-1, "curl is not installed, which asks https");
  CHECK_FALSE(shop.report());
  CHECK(shop.cluster.times("forward ") == 0);
  Report hidden;
  hidden.options.verify_exposed = true;
  CHECK_FALSE(hidden.report());
  CHECK(hidden.seen.last<event::NoAnswer>()->why == "the cluster has given it none yet");
}

TEST_CASE("report: a wildcard host is not asked, and https is named as not checked without curl") {
  Exposed shop(
      "{ingressClassName: nginx, tls: [{}], rules: [{host: '*.example'}, {host: b.example}]}");
  shop.answers(-1, "curl is not installed, which asks https");
  CHECK(shop.report());
  CHECK(shop.noted("https://*.example/: not checked: a wildcard is no host"));
  CHECK(shop.noted("https://b.example/: not checked: curl is not installed, which asks https"));
}

TEST_CASE("report: a node port is asked at the node of a pod") {
  Report shop;
  shop.change(kService, [](json::Value &service) {
    service["spec"] = object("{type: NodePort, ports: [{port: 80, nodePort: 30080}]}");
  });
  CHECK(shop.report());
  CHECK(shop.seen.count<event::Note>() == 0); // no pod has a node yet
  shop.change({"v1", "Pod", "shop", "hello-1-1"},
              [](json::Value &pod) { pod["status"]["hostIP"] = json::string("198.51.100.3"); });
  exposed()["198.51.100.3"] = {200, R"({"pod":"hello-1-2"})"};
  CHECK(shop.report());
  CHECK(asked() == Ways{"http://198.51.100.3:30080/ at 198.51.100.3"});
  CHECK(shop.noted("http://ANY-NODE:30080/: answered by pod hello-1-2 of this release"));
}

TEST_CASE("report: a port-forward that ends is started once more") {
  Report shop;
  shop.cluster.fail_next(Operation::forward, failure(Trouble::too_many_requests));
  CHECK(shop.report());
  CHECK(shop.seen.count<event::Answers>() == 1);
  CHECK(shop.cluster.times("forward service/hello") == 2);
}
