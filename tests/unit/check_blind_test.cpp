#include <doctest/doctest.h>

#include "support/check_world.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;

// What the API server does not tell proves nothing: neither a pass nor a fail may come of it.

namespace {

kube::Failure down() {
  kube::Failure failure = test::failure(kube::Trouble::unreachable, "connection refused");
  failure.retryable = true;
  return failure;
}

kube::Failure no_right() {
  kube::Failure failure = test::failure(kube::Trouble::forbidden, "forbidden");
  failure.rule = "a Role with this rule gives it";
  return failure;
}

/// From the write of that object on, an operation fails.
Outcome blind_from(World &world, const std::string &check, const std::string &written,
                   Operation operation, const std::string &about,
                   const kube::Failure &failure = down()) {
  bool begun = false;
  world.cluster.on_write = [&](const kube::Id &id) {
    world.react(id);
    if (begun || id.text() != written) return;
    begun = true;
    world.cluster.fail_always(operation, failure, about);
  };
  return world.outcome(check);
}

} // namespace

TEST_CASE("check: start asks all of its pods, and needs the Service's address") {
  World listed, read, blip;
  listed.said["check-start"] = log_of({}); // as of a client that is to ask nothing
  CHECK(blind_from(listed, "start", "Deployment/check-steady", Operation::list, "Pod").verdict ==
        Verdict::inconclusive);
  const Outcome unread =
      blind_from(read, "start", "Deployment/check-steady", Operation::read, "Service/check-steady");
  CHECK(unread.verdict == Verdict::inconclusive);
  CHECK(unread.what.find("cannot read the Service") == 0);
  for (int i = 0; i < 3; ++i) blip.cluster.fail_next(Operation::list, down(), "Pod");
  CHECK(blip.outcome("start").verdict == Verdict::pass);
}

TEST_CASE("check: events of an earlier run in a prepared namespace say nothing of this one") {
  const auto with = [](const std::string &reason, const char *created, bool starts) {
    World world;
    if (!starts) world.pod_status = "{phase: Pending}";
    world.cluster.api.put(object(fmt::format(
        "{{apiVersion: v1, kind: Event, metadata: {{name: e, namespace: shop, creationTimestamp: "
        "'{}'}}, reason: {}, message: 'exceeded quota: q'}}",
        created, reason)));
    world.cluster.on_write = [&](const kube::Id &id) {
      if (id.kind == "Deployment")
        world.cluster.after(6s, [&world, id] { world.react(id); }); // and 1 s
      else
        world.react(id);
    };
    return world.outcome("start");
  };
  constexpr const char *kBefore = "2001-01-01T00:00:00Z", *kNow = "2999-01-01T00:00:00Z";
  CHECK(with("Pulling", kNow, true).verdict == Verdict::pass);
  CHECK(with("Pulling", kBefore, true).cause == "SlowStart");
  CHECK(with("FailedCreate", kNow, false).cause == "Quota");
  const Outcome other = with("FailedCreate", kBefore, false);
  CHECK(other.cause == "NotReady");
  for (const std::string &one : other.evidence) CHECK(one.find("exceeded quota") == one.npos);
}

TEST_CASE("check: metrics that may not be read are not missing") {
  World burning, scaled;
  const Outcome metrics = blind_from(burning, "metrics", "Pod/check-burn", Operation::fetch,
                                     "/apis/metrics.k8s.io/v1beta1/namespaces/shop-b/pods/"
                                     "check-burn",
                                     no_right());
  CHECK(metrics.verdict == Verdict::inconclusive);
  CHECK(metrics.cause == "NotPermitted");
  scaled.cluster.fail_always(Operation::fetch, no_right(),
                             "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods?labelSelector=" +
                                 text::percent_encoded(names::pods_selector("check-scale")));
  const Outcome scale = scaled.outcome("autoscaler");
  CHECK(scale.verdict == Verdict::inconclusive);
  CHECK(scale.cause == "NotPermitted");
}

TEST_CASE("check: a claim, a route or an Ingress that cannot be read is not one without a status") {
  World claim, route("gateway: {parentRefs: [{name: edge}]}\n"), ingress;
  claim.has_volumes = false;
  claim.cluster.api.put(object("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: "
                               "{name: disk, annotations: "
                               "{storageclass.kubernetes.io/is-default-class: 'true'}}}"));
  route.cluster.served.insert("gateway.networking.k8s.io/v1");
  ingress.cluster.api.put(
      object("{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: edge}}"));
  const Outcome outcomes[] = {
      blind_from(claim, "storage", "PersistentVolumeClaim/check-claim", Operation::read,
                 "PersistentVolumeClaim/check-claim"),
      blind_from(route, "gateway", "HTTPRoute/check-steady", Operation::read,
                 "HTTPRoute/check-steady"),
      blind_from(ingress, "ingress", "Pod/check-start", Operation::read, "Ingress/check-steady")};
  for (const Outcome &one : outcomes) {
    CAPTURE(one.what);
    CHECK(one.verdict == Verdict::inconclusive);
    CHECK(one.what.find("connection refused") != std::string::npos);
  }
}

TEST_CASE("check: scale-down does not judge an autoscaler that it cannot read") {
  World world;
  world.cluster.fail_always(Operation::read, down(), "HorizontalPodAutoscaler/check-scale");
  check::Context context(world.cluster, world.user, world.options, world.listener);
  CHECK(check_scale_down(context).verdict == Verdict::inconclusive);
}

TEST_CASE("check: clean-up says what it could not look for") {
  World world;
  world.cluster.fail_always(Operation::list, no_right(), "Namespace");
  world.cluster.fail_always(Operation::list, test::failure(kube::Trouble::unknown_kind),
                            "HTTPRoute");
  world.cluster.fail_always(Operation::list, no_right(), "Ingress");
  std::vector<std::string> left;
  CHECK(check::clean_up(world.cluster, {}, "", left).empty());
  CHECK(left == std::vector<std::string>{"Namespace: cannot be listed: forbidden"});
  check::clean_up(world.cluster, world.options.namespaces, "", left);
  CHECK(left == std::vector<std::string>{"Ingress in shop: cannot be listed: forbidden",
                                         "Ingress in shop-b: cannot be listed: forbidden"});
}

TEST_CASE("check: without a place the first check says why, and the others that they need it") {
  World world;
  world.options.namespaces = {"shop", "other"};
  const check::Report report = world.run({"start", "dns", "policy"});
  REQUIRE(report.results.size() == 3);
  CHECK(report.results[0].outcome.cause == "NoPlace");
  CHECK(report.results[0].outcome.what.find("namespace other cannot be read") == 0);
  CHECK(report.results[0].outcome.what.find("--namespaces shop,other'") != std::string::npos);
  for (const std::size_t i : {1, 2}) {
    CHECK(report.results[i].outcome.verdict == Verdict::inconclusive);
    CHECK(report.results[i].outcome.cause == "Needs");
  }
  CHECK(report.exit == Exit::failure);
}
