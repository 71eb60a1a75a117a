#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <fmt/core.h>

#include "hello/client_pod.h"
#include "hello/error.h"
#include "hello/load_job.h"
#include "support/fake_cluster.h"
#include "support/fake_objects.h"

using namespace hello;
using namespace hello::load;
using namespace hello::test;
using namespace std::chrono_literals;

namespace {

/// A release with a Service and one pod, whose port 8080 is called http.
struct World {
  FakeCluster cluster;

  World() {
    cluster.api.put(object(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: hello, namespace: shop}, spec: "
        "{template: {spec: {serviceAccountName: hello, priorityClassName: high, nodeSelector: "
        "{disk: fast}, affinity: {}, volumes: [{name: tmp, emptyDir: {}}, {name: data, "
        "persistentVolumeClaim: {claimName: d}}], containers: [{name: proxy, image: p}, {name: "
        "hello, image: 'hello:1', env: [{name: A, value: b}], ports: [{containerPort: 8080}], "
        "securityContext: {runAsNonRoot: true}, readinessProbe: {}, volumeMounts: [{name: tmp, "
        "mountPath: /tmp}, {name: data, mountPath: /data}]}]}}}}"));
    cluster.api.put(object(
        "{apiVersion: v1, kind: Service, metadata: {name: hello, namespace: shop}, spec: "
        "{clusterIPs: [10.96.0.7], selector: {app.kubernetes.io/name: hello}, ports: [{port: 80, "
        "targetPort: http}]}}"));
    cluster.api.put(object(
        "{apiVersion: v1, kind: Pod, metadata: {name: hello-1, namespace: shop, labels: "
        "{app.kubernetes.io/name: hello, app.kubernetes.io/instance: hello}}, spec: {containers: "
        "[{name: hello, ports: [{name: http, containerPort: 8080}]}]}, status: {podIPs: [{ip: "
        "10.1.0.5}]}}"));
  }

  Destination find(const std::string &url) {
    return find_destination(cluster, sys::parse_http_url(url));
  }
  std::string refused(const std::string &url) {
    try {
      find(url);
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  }
  void policy(const std::string &spec) {
    cluster.api.put(object("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: "
                           "{name: wall, namespace: shop}, spec: " +
                           spec + "}"));
  }
  bool admits(const std::string &spec, const std::string &url = "http://hello/") {
    policy(spec);
    const Destination to = find(url);
    try {
      check_admission(cluster, to);
    } catch (const Error &error) {
      CHECK(error.code() == Exit::cluster);
      CHECK(std::string(error.what()).ends_with("NetworkPolicy wall"));
      return false;
    }
    return true;
  }
  kube::Id job_id() const {
    for (const auto &[id, value] : cluster.api.all())
      if (id.kind == "Job") return id;
    return {};
  }
  std::size_t count(std::string_view kind) const {
    std::size_t found = 0;
    for (const auto &[id, value] : cluster.api.all()) found += id.kind == kind;
    return found;
  }
  /// The Job's pod with this status.
  void put_pod(const std::string &status) {
    const std::string name = job_id().name;
    cluster.api.put(object(fmt::format("{{apiVersion: v1, kind: Pod, metadata: {{name: {0}-p, "
                                       "namespace: shop, labels: {{hello/load: {0}}}}}, status: "
                                       "{1}}}",
                                       name, status)));
  }
};

const std::vector<std::string> kArgs = {"load", "http://hello/"};

std::string problem_of(Job &job) {
  try {
    job.look();
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

} // namespace

TEST_CASE("load: a Job's URL means a Service, or an address") {
  World world;
  for (const char *url : {"http://hello/", "http://hello.shop/", "http://hello.shop.svc/x",
                          "http://hello.shop.svc.cluster.local:80/", "http://10.96.0.7/"}) {
    CAPTURE(url);
    const Destination to = world.find(url);
    CHECK(to.text == "Service/hello in shop");
    CHECK(to.is_own);
    CHECK(to.port.number() == 8080);
    CHECK(to.needs_dns == (std::string_view(url).find("10.96") == std::string_view::npos));
  }
  const Destination pod = world.find("http://10.1.0.5:8080/");
  CHECK(pod.is_own);
  CHECK(pod.peer.text("ipBlock", "cidr") == "10.1.0.5/32");
  const Destination other = world.find("http://[2001:db8::1]/");
  CHECK_FALSE(other.is_own);
  CHECK(other.peer.text("ipBlock", "cidr") == "2001:db8::1/128");
}

TEST_CASE("load: a Job is refused where its target is not in the cluster") {
  World world;
  CHECK(world.refused("http://127.0.0.1/") == "127.0.0.1 would be the Job's own pod");
  CHECK(world.refused("http://hello:81/") == "Service/hello in shop has no port 81");
  for (const char *host : {"other", "hello.other", "hello.shop.example", "www.example.com"})
    CHECK(world.refused(fmt::format("http://{}/", host)) ==
          fmt::format("{} is neither an address nor a Service of the cluster", host));
  world.cluster.api.put(object("{apiVersion: v1, kind: Service, metadata: {name: far, namespace: "
                               "shop}, spec: {ports: [{port: 80}]}}"));
  CHECK(world.refused("http://far/") == "Service/far in shop selects no pods");
}

TEST_CASE("load: a policy of the target must admit the Job's pod") {
  const std::string all = "podSelector: {}, policyTypes: [Ingress], ingress: ";
  struct Row {
    std::string spec;
    bool admits;
  };
  for (const Row &row : {
           Row{"{podSelector: {}, policyTypes: [Egress]}", true},
           Row{"{podSelector: {matchLabels: {app.kubernetes.io/name: other}}}", true},
           Row{"{podSelector: {}}", false},
           Row{"{" + all + "[{}]}", true},
           Row{"{" + all + "[{ports: [{port: http}]}]}", true},
           Row{"{" + all + "[{ports: [{port: 8080}]}]}", true},
           Row{"{" + all + "[{ports: [{port: 8000, endPort: 9000}]}]}", true},
           Row{"{" + all + "[{ports: [{port: 80}, {port: admin}]}]}", false},
           Row{"{" + all + "[{ports: [{port: 8080, protocol: UDP}]}]}", false},
           Row{"{" + all + "[{from: [{namespaceSelector: {}}]}]}", true},
           Row{"{" + all +
                   "[{from: [{namespaceSelector: {matchLabels: "
                   "{kubernetes.io/metadata.name: shop}}}]}]}",
               true},
           Row{"{" + all +
                   "[{from: [{namespaceSelector: {matchLabels: "
                   "{kubernetes.io/metadata.name: ingress}}}]}]}",
               false},
           Row{"{" + all + "[{from: [{podSelector: {}}]}]}", true},
           Row{"{" + all +
                   "[{from: [{podSelector: {matchLabels: {app.kubernetes.io/name: "
                   "hello-load}}}]}]}",
               true},
           Row{"{" + all +
                   "[{from: [{podSelector: {matchExpressions: [{key: "
                   "app.kubernetes.io/name, operator: NotIn, values: [hello-load]}]}}]}]}",
               false},
           Row{"{" + all +
                   "[{from: [{podSelector: {matchExpressions: [{key: a, operator: "
                   "Exists}]}}]}]}",
               false},
           Row{"{" + all + "[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}", true},
       }) {
    CAPTURE(row.spec);
    World world;
    CHECK(world.admits(row.spec) == row.admits);
    CHECK(world.admits(row.spec, "http://10.1.0.5:8080/") == row.admits);
    CHECK(world.cluster.journal.empty());
  }
  World world;
  CHECK(world.admits("{podSelector: {}}", "http://10.9.9.9/")); // no pod that is known
}

TEST_CASE("load: a Job runs the release's image with nothing else of it") {
  World world;
  const Job job(world.cluster, world.find("http://hello/"), kArgs, 30s);
  const json::Value &made = *world.cluster.api.find(world.job_id());
  const json::Value &spec = made.at("spec"), &pod = spec.at("template", "spec");
  CHECK(spec.at("backoffLimit").number(-1) == 0);
  CHECK(spec.at("activeDeadlineSeconds").number() == 150);
  CHECK(spec.at("ttlSecondsAfterFinished").number() == 60);
  CHECK_FALSE(pod.at("automountServiceAccountToken").boolean(true));
  for (const char *key : {"serviceAccountName", "priorityClassName", "affinity"})
    CHECK_FALSE(pod.find(key));
  CHECK(pod.text("nodeSelector", "disk") == "fast");
  REQUIRE(pod.at("volumes").items().size() == 1);
  REQUIRE(pod.at("containers").items().size() == 1);
  const json::Value &container = pod.at("containers").items()[0];
  CHECK(json::to_text(container) ==
        R"({"name":"hello","image":"hello:1","securityContext":{"runAsNonRoot":true},)"
        R"("volumeMounts":[{"name":"tmp","mountPath":"/tmp"}],"args":["load","http://hello/"]})");
  for (const char *key : {"app.kubernetes.io/instance", "app.kubernetes.io/managed-by"})
    CHECK_FALSE(spec.at("template", "metadata", "labels").find(key)); // no pod of the Service
}

TEST_CASE("load: a Job's policy lets it reach its target and DNS alone, and goes with it") {
  World world;
  {
    const Job job(world.cluster, world.find("http://hello/"), kArgs, 30s);
    const json::Value &policy =
        *world.cluster.api.find({"networking.k8s.io/v1", "NetworkPolicy", "shop", job.name()});
    CHECK(policy.at("metadata", "ownerReferences").items()[0].text("uid") ==
          world.cluster.api.find(world.job_id())->text("metadata", "uid"));
    const json::Value &spec = policy.at("spec");
    CHECK(json::to_text(spec.at("podSelector")) ==
          fmt::format(R"({{"matchLabels":{{"hello/load":"{}"}}}})", job.name()));
    CHECK(json::to_text(spec.at("policyTypes")) == R"(["Ingress","Egress"])");
    CHECK_FALSE(spec.find("ingress"));
    REQUIRE(spec.at("egress").items().size() == 2);
    CHECK(json::to_text(spec.at("egress").items()[0]) ==
          R"({"to":[{"podSelector":{"matchLabels":{"app.kubernetes.io/name":"hello"}},)"
          R"("namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"shop"}}}],)"
          R"("ports":[{"port":8080,"protocol":"TCP"}]})");
    CHECK(world.count("Job") == 1);
  }
  CHECK(world.count("Job") == 0);
  CHECK(world.count("NetworkPolicy") == 0);
  const Job job(world.cluster, world.find("http://10.1.0.5:8080/"), kArgs, 30s);
  const json::Value &policy =
      *world.cluster.api.find({"networking.k8s.io/v1", "NetworkPolicy", "shop", job.name()});
  CHECK(policy.at("spec", "egress").items().size() == 1); // no name, no DNS
}

TEST_CASE("load: where the Job's policy is refused, the Job is removed") {
  World world;
  const Destination to = world.find("http://hello/");
  world.cluster.on_write = [&](const kube::Id &id) {
    if (id.kind == "Job" && world.cluster.api.find(id))
      world.cluster.fail_next(Operation::create, failure(kube::Trouble::forbidden));
  };
  CHECK_THROWS_AS(Job(world.cluster, to, kArgs, 30s), Error);
  CHECK(world.count("Job") == 0);
  // an interruption between the two
  world.cluster.on_write = [&](const kube::Id &id) {
    if (id.kind == "Job" && world.cluster.api.find(id))
      world.cluster.before_next(Operation::create,
                                [] { throw Error(Exit::interrupted, "interrupted"); });
  };
  CHECK_THROWS_AS(Job(world.cluster, to, kArgs, 30s), Error);
  CHECK(world.count("Job") == 0);
}

TEST_CASE("load: a Job says how its pod is") {
  World world;
  Job job(world.cluster, world.find("http://hello/"), kArgs, 30s);
  CHECK_FALSE(job.look().runs);
  CHECK(job.log() == "");
  world.put_pod("{phase: Pending}");
  CHECK_FALSE(job.look().runs);
  world.put_pod("{phase: Running}");
  CHECK(job.look().runs);
  world.cluster.logs[job.name() + "-p/hello"] = "one\n";
  CHECK(job.log() == "one\n");
  world.put_pod("{phase: Failed, containerStatuses: [{name: hello, state: {terminated: {exitCode: "
                "1}}}]}");
  CHECK(job.look().ended);
  CHECK(job.look().exit_code == 1);
  world.put_pod("{phase: Failed, reason: DeadlineExceeded, message: too long}");
  CHECK(problem_of(job).find("its pod failed: DeadlineExceeded too long") != std::string::npos);
  world.cluster.api.erase({"v1", "Pod", "shop", job.name() + "-p"});
  CHECK(problem_of(job).find("its pod is gone") != std::string::npos);
}

TEST_CASE("load: a Job whose pod never starts is given up, with the reason") {
  World world;
  Job job(world.cluster, world.find("http://hello/"), kArgs, 30s);
  world.cluster.sleep(119s);
  CHECK(problem_of(job).empty());
  world.put_pod("{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: "
                "Unschedulable, message: 0/1 nodes}]}");
  CHECK(problem_of(job).empty());
  world.cluster.sleep(2s);
  CHECK(problem_of(job).find("0/1 nodes") != std::string::npos);
}
