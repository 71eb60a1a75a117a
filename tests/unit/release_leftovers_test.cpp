#include <doctest/doctest.h>

#include "hello/prune.h"
#include "support/fake_cluster.h"

using namespace hello;
using namespace hello::test;
using kube::Trouble;
using State = release::Ownership::State;

namespace {

/// An object of hello's in namespace shop, with its label.
std::string yaml_of(const std::string &kind, const std::string &name) {
  const bool ingress = kind == "Ingress";
  return "apiVersion: " + std::string(ingress ? "networking.k8s.io/v1" : "v1") + "\nkind: " + kind +
         "\nmetadata: {name: " + name +
         ", namespace: shop, labels: {app.kubernetes.io/managed-by: hello, "
         "app.kubernetes.io/instance: hello}}\n" +
         (ingress ? "spec: {rules: [{host: a.test}]}\n" : "data: {a: b}\n");
}

kube::Id id_of(const std::string &kind, const std::string &name) {
  return {kind == "Ingress" ? "networking.k8s.io/v1" : "v1", kind, "shop", name};
}

const kube::Id kOld = id_of("ConfigMap", "old"), kIngress = id_of("Ingress", "hello");

struct Shop {
  FakeCluster cluster;
  std::vector<release::Release> history;

  void apply(const std::string &yaml, const std::string &manager = "hello") {
    REQUIRE(cluster.apply(set_of(yaml), {.manager = manager}));
  }
  void record(std::vector<kube::Id> ids) {
    release::Release one;
    one.objects = std::move(ids);
    history.push_back(std::move(one));
  }
  std::vector<release::Found> leftovers(const release::Set &set = hello_set()) {
    return release::leftovers(cluster, set, history);
  }
  /// Removes what was found as a deploy does.
  release::Ownership remove(const release::Found &found) {
    return release::remove(cluster, found.id, found.live.text("metadata", "uid"),
                           [&](const json::Value &live) {
                             return release::Claims(cluster.access(), history)
                                 .fate_of(found.id, live, release::Purpose::prune);
                           },
                           {});
  }
};

std::vector<std::string> names_of(const std::vector<release::Found> &all) {
  std::vector<std::string> out;
  for (const release::Found &one : all) out.push_back(one.id.text());
  return out;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("prune: what a release recorded and the set no longer has is left over") {
  Shop shop;
  REQUIRE(shop.cluster.apply(hello_set(), {.manager = "hello"}));
  shop.apply(yaml_of("Ingress", "hello"));
  shop.record({kConfigMap, kIngress});
  shop.record({kIngress, kDeployment});
  const auto found = shop.leftovers();
  REQUIRE(names_of(found) == Names{"Ingress/hello"}); // once, though two releases had it
  CHECK(found[0].ownership.ours());
  CHECK(found[0].live.at("spec", "rules").items().size() == 1);
}

TEST_CASE("prune: the same object by another version of its API is in the set") {
  Shop shop;
  const release::Set set = set_of(yaml_of("Ingress", "hello"));
  REQUIRE(shop.cluster.apply(set, {.manager = "hello"}));
  shop.record({{"networking.k8s.io/v1beta1", "Ingress", "shop", "hello"}});
  shop.cluster.fail_always(Operation::read, failure(Trouble::other)); // and is not looked at
  CHECK(shop.leftovers(set).empty());
}

TEST_CASE("prune: an object with the label is found without a history") {
  Shop shop;
  shop.apply(yaml_of("ConfigMap", "old"));
  CHECK(names_of(shop.leftovers()) == Names{"ConfigMap/old"});
}

TEST_CASE("prune: an object that hello does not hold counts only where a release recorded it") {
  Shop shop;
  shop.cluster.api.put(object(yaml_of("ConfigMap", "old")));
  CHECK(shop.leftovers().empty());
  shop.record({kOld});
  const auto found = shop.leftovers();
  REQUIRE(names_of(found) == Names{"ConfigMap/old"});
  CHECK(found[0].ownership.state == State::not_held);
}

TEST_CASE("prune: an object that another manager applies too is found, and not ours") {
  Shop shop;
  shop.apply(yaml_of("ConfigMap", "old"));
  shop.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old, namespace: shop}\n"
             "data: {c: d}\n",
             "argocd");
  const auto found = shop.leftovers();
  REQUIRE(names_of(found) == Names{"ConfigMap/old"});
  CHECK(found[0].ownership.state == State::applied_too);
  CHECK(found[0].ownership.who == "argocd");
}

TEST_CASE("prune: what is gone is not left over") {
  for (const Trouble trouble : {Trouble::not_found, Trouble::no_namespace, Trouble::unknown_kind}) {
    Shop shop;
    shop.record({kOld});
    shop.cluster.fail_next(Operation::read, failure(trouble));
    CHECK(shop.leftovers().empty());
  }
}

TEST_CASE("prune: what may not be read is left over, unread") {
  Shop shop;
  shop.apply(yaml_of("ConfigMap", "old"));
  shop.record({kOld});
  shop.cluster.fail_always(Operation::read, failure(Trouble::forbidden), "ConfigMap/old");
  const auto found = shop.leftovers();
  REQUIRE(names_of(found) == Names{"ConfigMap/old"});
  CHECK(found[0].ownership.state == State::unreadable);
  CHECK(found[0].live.is_null());
}

TEST_CASE("prune: a cluster that gives no answer is an error") {
  for (const Trouble trouble : {Trouble::unreachable, Trouble::timed_out, Trouble::unauthorized}) {
    Shop shop;
    shop.record({kOld});
    shop.cluster.fail_next(Operation::read, failure(trouble));
    CHECK_THROWS_AS(shop.leftovers(), Error);
    shop.cluster.fail_next(Operation::list, failure(trouble), "Ingress");
    CHECK_THROWS_AS(shop.leftovers(), Error);
  }
}

TEST_CASE(
    "prune: a kind that may not be listed, or does not exist, is left out, but for Deployments") {
  Shop shop;
  shop.apply(yaml_of("ConfigMap", "old"));
  shop.apply(yaml_of("Ingress", "old"));
  shop.cluster.fail_always(Operation::list, failure(Trouble::forbidden), "Ingress");
  shop.cluster.fail_always(Operation::list, failure(Trouble::unknown_kind), "HTTPRoute");
  CHECK(names_of(shop.leftovers()) == Names{"ConfigMap/old"});
  shop.cluster.fail_always(Operation::list, failure(Trouble::forbidden), "Deployment");
  CHECK_THROWS_AS(shop.leftovers(), Error);
}

TEST_CASE("prune: a Secret stays, unless everything goes") {
  Shop shop;
  shop.apply(yaml_of("Secret", "s"));
  shop.record({id_of("Secret", "s")});
  const auto found = shop.leftovers();
  REQUIRE(names_of(found) == Names{"Secret/s"});
  CHECK(found[0].ownership.state == State::secret);
  const auto all = shop.leftovers({});
  REQUIRE(names_of(all) == Names{"Secret/s"});
  CHECK(all[0].ownership.ours());
}

TEST_CASE("prune: what is being removed is not removed again, nor is the release's namespace") {
  Shop shop;
  shop.apply(yaml_of("ConfigMap", "old"));
  shop.cluster.api.update(kOld, "", [](json::Value &map) {
    map["metadata"]["finalizers"].push(json::string("example.com/hold"));
  });
  REQUIRE(shop.cluster.remove(kOld, {}, {}));
  shop.record({kOld, kNamespace});
  const auto found = shop.leftovers();
  REQUIRE(names_of(found) == Names{"ConfigMap/old"});
  CHECK(found[0].ownership.state == State::going); // on record until it is gone
  shop.cluster.api.update(kOld, "", [](json::Value &map) {
    map["metadata"]["annotations"][release::kMark] = json::string("stall/hello");
  });
  CHECK(shop.leftovers().empty());
}

TEST_CASE("prune: recorded objects come first, newest release first, then those with the label") {
  Shop shop;
  for (const char *name : {"a", "b", "c"}) shop.apply(yaml_of("ConfigMap", name));
  shop.apply(yaml_of("Ingress", "hello"));
  shop.record({kIngress, id_of("ConfigMap", "c")});
  shop.record({id_of("ConfigMap", "b"), kIngress});
  CHECK(names_of(shop.leftovers()) ==
        Names{"Ingress/hello", "ConfigMap/c", "ConfigMap/b", "ConfigMap/a"});
}

TEST_CASE("prune: a removal takes only the object that was found") {
  Shop shop;
  shop.apply(yaml_of("ConfigMap", "old"));
  const release::Found found = shop.leftovers().at(0);
  shop.cluster.api.erase(kOld);
  shop.apply(yaml_of("ConfigMap", "old")); // another of that name
  CHECK(shop.remove(found).state == State::replaced);
  CHECK(shop.cluster.api.find(kOld));
  CHECK(shop.remove(shop.leftovers().at(0)).ours());
  CHECK_FALSE(shop.cluster.api.find(kOld));
  CHECK(shop.remove(found).ours()); // it is gone
}

TEST_CASE(
    "prune: a removal that is refused, or gets no answer, is an error that names the object") {
  for (const Trouble trouble : {Trouble::forbidden, Trouble::unreachable, Trouble::timed_out}) {
    Shop shop;
    shop.apply(yaml_of("ConfigMap", "old"));
    const release::Found found = shop.leftovers().at(0);
    shop.cluster.fail_next(Operation::remove, failure(trouble), "ConfigMap/old");
    try {
      shop.remove(found);
      FAIL("no error");
    } catch (const Error &error) {
      CHECK(error.code() == Exit::cluster);
      CHECK(std::string(error.what()).find("remove ConfigMap/old") != std::string::npos);
    }
  }
}

TEST_CASE("prune: what changes before it is removed is read again, and removed as it is then") {
  Shop shop;
  shop.apply(yaml_of("ConfigMap", "old"));
  const release::Found found = shop.leftovers().at(0);
  shop.cluster.before_next(Operation::remove, [&] {
    shop.cluster.api.update(kOld, "kubectl-edit",
                            [](json::Value &map) { map["data"]["more"] = json::string("x"); });
  });
  CHECK(shop.remove(found).ours());
  CHECK_FALSE(shop.cluster.api.find(kOld));
  CHECK(shop.cluster.times("remove ConfigMap/old") == 2);
}

TEST_CASE("prune: what another manager takes before it is removed stays") {
  Shop shop;
  shop.apply(yaml_of("ConfigMap", "old"));
  const release::Found found = shop.leftovers().at(0);
  shop.cluster.before_next(Operation::remove,
                           [&] { shop.apply(yaml_of("ConfigMap", "old"), "argocd"); });
  CHECK(shop.remove(found).state == State::applied_too);
  CHECK(shop.cluster.api.find(kOld));
}

TEST_CASE("prune: what changes each time is tried five times, and stays") {
  Shop shop;
  shop.apply(yaml_of("ConfigMap", "old"));
  const release::Found found = shop.leftovers().at(0);
  shop.cluster.fail_always(Operation::remove, failure(Trouble::stale));
  CHECK(shop.remove(found).state == State::contested);
  CHECK(shop.cluster.times("remove ConfigMap/old") == 5);
  CHECK(shop.cluster.api.find(kOld));
}

TEST_CASE("prune: what carries hello/keep stays, whether live or in the set that had it") {
  Shop shop;
  const std::string kept =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old, namespace: shop, labels: "
      "{app.kubernetes.io/managed-by: hello, app.kubernetes.io/instance: hello}, annotations: "
      "{hello/keep: \"true\"}}\n";
  shop.apply(kept);
  auto found = shop.leftovers();
  REQUIRE(names_of(found) == Names{"ConfigMap/old"});
  CHECK(found[0].ownership.state == State::keep);
  CHECK(shop.leftovers({})[0].ownership.state == State::keep); // undeploy keeps it too
  CHECK(release::why_kept(found[0], shop.cluster.access()) ==
        "it carries hello/keep: \"true\"; to delete it: kubectl --context lab --namespace shop "
        "delete configmap/old");

  const release::Set set = set_of(kept);
  release::Release one;
  one.revision = 1;
  one.digest = release::digest_of(set);
  one.objects = {kOld};
  one.name = "hello-release-1";
  REQUIRE(shop.cluster.create({"apps/v1", "ControllerRevision", "shop", "hello-release-1"},
                              release::entry_of(one, set, "shop"), "hello", {}));
  shop.history.push_back(one);
  shop.cluster.api.update(
      kOld, "", [](json::Value &map) { map["metadata"]["annotations"].erase("hello/keep"); });
  found = shop.leftovers();
  REQUIRE(names_of(found) == Names{"ConfigMap/old"});
  CHECK(found[0].ownership.state == State::keep);

  release::Release two; // without it in its set: its list carries it on
  two.revision = 2;
  two.name = "hello-release-2";
  two.carried = {kOld};
  shop.history.insert(shop.history.begin(), two);
  found = shop.leftovers();
  REQUIRE(names_of(found) == Names{"ConfigMap/old"});
  CHECK(found[0].ownership.state == State::keep);
}

TEST_CASE("prune: kinds that hold data are never removed, not even by undeploy") {
  const struct {
    const char *api_version, *kind, *ns, *command;
  } rows[] = {
      {"apiextensions.k8s.io/v1", "CustomResourceDefinition", "",
       "kubectl --context lab delete customresourcedefinition.apiextensions.k8s.io/x"},
      {"v1", "PersistentVolume", "", "kubectl --context lab delete persistentvolume/x"},
      {"storage.k8s.io/v1", "StorageClass", "",
       "kubectl --context lab delete storageclass.storage.k8s.io/x"},
      {"v1", "PersistentVolumeClaim", "shop",
       "kubectl --context lab --namespace shop delete persistentvolumeclaim/x"},
  };
  for (const auto &row : rows) {
    CAPTURE(row.kind);
    Shop shop;
    json::Value value = object("{spec: {a: b}}");
    value["apiVersion"] = json::string(row.api_version);
    value["kind"] = json::string(row.kind);
    value["metadata"]["name"] = json::string("x");
    if (*row.ns) value["metadata"]["namespace"] = json::string(row.ns);
    const kube::Id id{row.api_version, row.kind, row.ns, "x"};
    const release::Set set{{id, value}};
    REQUIRE(shop.cluster.apply(set, {.manager = "hello"}));
    shop.record({id});
    for (const release::Set &wanted : {hello_set(), release::Set()}) {
      const auto found = shop.leftovers(wanted);
      REQUIRE(found.size() == 1);
      CHECK(found[0].ownership.state == State::data);
      CHECK(release::why_kept(found[0], shop.cluster.access()) ==
            std::string("hello never deletes a ") + row.kind +
                ": data would go with it; to delete it: " + row.command);
      CHECK(shop.remove(found[0]).state == State::data);
    }
    CHECK(shop.cluster.journal.size() == 1); // the apply
  }
}

TEST_CASE("prune: a namespace that leaves the set goes last, unless something of others is in it") {
  const kube::Id extra{"v1", "Namespace", "", "extra"}, map{"v1", "ConfigMap", "extra", "m"};
  Shop shop;
  shop.apply("{apiVersion: v1, kind: Namespace, metadata: {name: extra, labels: {a: b}}}");
  shop.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: extra}, data: {a: "
             "b}}");
  shop.record({extra, map});
  auto found = shop.leftovers();
  release::sort_for_removal(found);
  REQUIRE(names_of(found) == Names{"ConfigMap/m", "Namespace/extra"});
  CHECK(found[1].ownership.ours());
  shop.cluster.api.put(
      object("{apiVersion: v1, kind: ConfigMap, metadata: {name: theirs, namespace: extra}}"));
  found = shop.leftovers();
  CHECK(found[0].ownership.state == State::in_use);
  CHECK(found[0].ownership.who == "ConfigMap/theirs");
}
