#include <doctest/doctest.h>

#include "cli/view/reports.h"
#include "hello/releases.h"
#include "support/fake_cluster.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
using kube::Trouble;
using release::State;

namespace {

struct Place {
  FakeCluster cluster;

  Place() { cluster.api.put(object("{apiVersion: v1, kind: Namespace, metadata: {name: other}}")); }

  void record(const std::string &release, int revision, State state,
              const std::string &ns = "shop") {
    release::Release one;
    one.release = release;
    one.revision = revision;
    one.state = state;
    one.image = "hello:" + std::to_string(revision);
    one.digest = "d";
    one.objects = {kService};
    cluster.api.put(json::parse(release::entry_of(one, {}, ns), "entry"));
  }
  void put_deployment(const std::string &release, const std::string &name) {
    json::Value value = object("{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: "
                               "shop}, spec: {replicas: 3, template: {spec: {containers: [{name: "
                               "hello, image: 'hello:live'}]}}}, status: {availableReplicas: 2}}");
    value["metadata"]["name"] = json::string(name);
    json::Value &labels = value["metadata"]["labels"];
    labels["app.kubernetes.io/managed-by"] = json::string("hello");
    labels["app.kubernetes.io/name"] = json::string("hello");
    labels["app.kubernetes.io/instance"] = json::string(release);
    cluster.api.put(std::move(value));
  }
  /// "shop/web 3 ready hello:3" for each.
  std::vector<std::string> listed(const std::string &ns) {
    std::vector<std::string> found;
    const auto all = release::list_releases(cluster, ns);
    for (const release::Listed &one : *all)
      found.push_back(one.ns + "/" + one.name +
                      (one.newest
                           ? " " + std::to_string(one.newest->revision) + " " + one.newest->status
                           : "") +
                      " " + one.image());
    return found;
  }
  std::string missing(const std::string &release) {
    cluster.set_release(release);
    try {
      release::require_release(cluster);
    } catch (const Error &error) {
      CHECK(error.code() == Exit::usage);
      return error.words();
    }
    return "";
  }
};

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("list: each release by its newest revision; of all namespaces on request") {
  Place place;
  place.record("web", 9, State::ready);
  place.record("web", 10, State::failed);
  place.record("hello", 2, State::ready);
  place.record("web", 1, State::ready, "other");
  CHECK(place.listed("shop") ==
        Lines{"shop/hello 2 deployed hello:2", "shop/web 10 failed hello:10"});
  CHECK(place.listed("") == Lines{"other/web 1 deployed hello:1", "shop/hello 2 deployed hello:2",
                                  "shop/web 10 failed hello:10"});
  CHECK(place.listed("nowhere").empty());
}

TEST_CASE("list: the image is the live one, and a release without a history is there too") {
  Place place;
  place.record("web", 3, State::rolled_back);
  place.put_deployment("web", "web");
  place.put_deployment("api", "api");
  place.put_deployment("api", "another-deployment-of-it");
  CHECK(place.listed("shop") == Lines{"shop/api hello:live", "shop/web 3 failed hello:live"});
  place.cluster.fail_always(Operation::list, failure(Trouble::forbidden), "Deployment");
  CHECK(place.listed("shop") == Lines{"shop/web 3 failed hello:3"});
  place.cluster.fail_always(Operation::list, failure(Trouble::unreachable), "ControllerRevision");
  CHECK(release::list_releases(place.cluster, "shop").failed_with(Trouble::unreachable));
}

TEST_CASE(
    "list: a revision without an end is pending while its deploy lives, and interrupted after") {
  Place place;
  place.record("web", 1, State::pending);
  place.record("web", 2, State::pending, "other");
  place.cluster.api.put(object("{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: "
                               "web-release, namespace: other}, spec: {holderIdentity: x}}"));
  place.cluster.after(1s, [&] {
    place.cluster.api.update(
        {"coordination.k8s.io/v1", "Lease", "other", "web-release"}, "",
        [](json::Value &lease) { lease["spec"]["renewTime"] = json::string("now"); });
  });
  CHECK(place.listed("") == Lines{"other/web 2 pending hello:2", "shop/web 1 interrupted hello:1"});
}

TEST_CASE("list: a table for people, an array for programs") {
  Place place;
  place.record("a-long-name-indeed", 3, State::ready);
  place.put_deployment("web", "web");
  const auto all = *release::list_releases(place.cluster, "shop");
  const auto now = kube::instant_of("2026-11-23T07:00:00Z");
  CHECK(cli::text_of(all, now) ==
        "NAMESPACE  NAME                REVISION  STATUS       PODS   AGE   IMAGE\n"
        "shop       a-long-name-indeed         3  deployed     -      3h    hello:3\n"
        "shop       web                        -  -            2/3    -     hello:live\n");
  CHECK(cli::json_of(all) ==
        R"([{"namespace":"shop","name":"a-long-name-indeed","image":"hello:3","revision":3,)"
        R"("state":"ready","status":"deployed","when":"2026-11-23T04:00:00Z","pods":null},)"
        "\n"
        R"({"namespace":"shop","name":"web","image":"hello:live","revision":null,)"
        R"("state":null,"status":null,"when":null,"pods":{"wanted":3,"available":2}}])"
        "\n");
}

TEST_CASE("list: a release that is not there is a wrong command line, which names those that are") {
  Place place;
  place.record("web", 1, State::ready);
  place.put_deployment("api", "api");
  CHECK(place.missing("web").empty());
  CHECK(place.missing("api").empty());
  CHECK(place.missing("hello").find("there is no release hello in namespace shop") == 0);
  CHECK(place.missing("hello").find("api, web") != std::string::npos);
  place.cluster.fail_always(Operation::list, failure(Trouble::forbidden), "ControllerRevision");
  CHECK(place.missing("hello").empty());
}

TEST_CASE("list: an empty namespace has no release") {
  Place place;
  CHECK(place.missing("hello").find("run 'hello deploy' to create one") != std::string::npos);
}
