#include <doctest/doctest.h>

#include <algorithm>

#include "hello/undeploy.h"
#include "support/fake_cluster.h"
#include "support/recording.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using kube::Trouble;
using State = release::Ownership::State;
using Names = std::vector<std::string>;

namespace {

const kube::Id kEntry{"apps/v1", "ControllerRevision", "shop", "hello-release-1"};
const std::string kShop = "apiVersion: v1\nkind: Namespace\n"
                          "metadata: {name: shop, labels: {app.kubernetes.io/managed-by: hello, "
                          "app.kubernetes.io/instance: hello}}\n";

Names names_of(const std::vector<release::Found> &all) {
  Names out;
  for (const release::Found &one : all) out.push_back(one.id.text());
  return out;
}

struct Shop {
  FakeCluster cluster;
  Recording seen;

  /// Applies and records a set as a deploy does.
  void deploy(const release::Set &set, int revision = 1) {
    REQUIRE(cluster.apply(set, {.manager = "hello"}));
    release::Release one;
    one.revision = revision;
    one.state = release::State::ready;
    one.digest = release::digest_of(set);
    for (const kube::Object &object : set) one.objects.push_back(object.id);
    REQUIRE(
        cluster.create({"apps/v1", "ControllerRevision", "shop", names::entry("hello", revision)},
                       release::entry_of(one, set, "shop"), "hello", {}));
    cluster.journal.clear();
  }
  /// With a namespace that hello made.
  void deploy_with_namespace() {
    cluster.api.erase(kNamespace);
    release::Set set = set_of(kShop);
    for (const kube::Object &object : hello_set()) set.push_back(object);
    deploy(set);
  }
  void put_pod(const std::string &name) {
    json::Value pod = object(
        "apiVersion: v1\nkind: Pod\nmetadata: {namespace: shop, labels: {app.kubernetes.io/name: "
        "hello, app.kubernetes.io/instance: hello}}\n");
    pod["metadata"]["name"] = json::string(name);
    cluster.api.put(std::move(pod));
  }
  void hold(const kube::Id &id) {
    cluster.api.update(id, "", [](json::Value &value) {
      value["metadata"]["finalizers"].push(json::string("example.com/hold"));
    });
  }

  deploy::Removal plan() { return deploy::plan_removal(cluster); }
  void undeploy(const deploy::Removal &removal, std::chrono::seconds time = 60s) {
    seen.events.clear();
    deploy::undeploy(cluster, removal, cluster.now() + time, seen.listener);
  }
  void undeploy() { undeploy(plan()); }
  /// The error of an undeploy that does not end well.
  Error failed(std::chrono::seconds time = 60s) {
    try {
      undeploy(plan(), time);
    } catch (const Error &error) {
      return error;
    }
    FAIL("no error");
    return {Exit::ok, ""};
  }
  Names removed() const {
    Names out;
    for (const auto &one : seen.all<event::Removed>()) out.push_back(one.object);
    return out;
  }
  /// Whether nothing but the namespace and what others made is left.
  bool is_empty() const {
    return std::none_of(cluster.api.all().begin(), cluster.api.all().end(), [](const auto &one) {
      return one.first.kind != "Namespace" && one.second.text("metadata", "name") != "theirs";
    });
  }
};

bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("undeploy: everything of a release goes, last first, then the history") {
  Shop shop;
  shop.deploy(hello_set());
  const deploy::Removal removal = shop.plan();
  CHECK(names_of(removal.remove) == Names{"Deployment/hello", "Service/hello", "ConfigMap/m"});
  CHECK(removal.stay.empty());
  CHECK(removal.history.size() == 1);
  CHECK(removal.namespaces.empty());
  CHECK_FALSE(removal.empty());
  CHECK(shop.cluster.journal.empty()); // a plan changes nothing
  shop.undeploy(removal);
  CHECK(shop.cluster.journal == Names{"remove Deployment/hello", "remove Service/hello",
                                      "remove ConfigMap/m",
                                      "remove ControllerRevision/hello-release-1"});
  CHECK(shop.removed() == Names{"Deployment/hello", "Service/hello", "ConfigMap/m"});
  REQUIRE(shop.seen.last<event::HistoryRemoved>());
  CHECK(shop.seen.last<event::HistoryRemoved>()->revisions == 1);
  CHECK(shop.is_empty());
  CHECK(shop.plan().empty());
}

TEST_CASE("undeploy: the objects of every recorded release go, Secrets too") {
  Shop shop;
  shop.deploy(set_of("apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop, labels: "
                     "{app.kubernetes.io/managed-by: hello, app.kubernetes.io/instance: "
                     "hello}}\ndata: {a: Yg==}\n"));
  shop.deploy(hello_set(), 2);
  shop.undeploy();
  CHECK(shop.is_empty());
  CHECK(shop.seen.last<event::HistoryRemoved>()->revisions == 2);
}

TEST_CASE("undeploy: without a history, objects with the label go") {
  Shop shop;
  REQUIRE(shop.cluster.apply(hello_set(), {.manager = "hello"}));
  shop.undeploy();
  CHECK(shop.is_empty());
  CHECK(shop.seen.count<event::HistoryRemoved>() == 0);
}

TEST_CASE("undeploy: a damaged history entry stays, and harms nothing") {
  Shop shop;
  shop.deploy(hello_set());
  shop.cluster.api.update(kEntry, "", [](json::Value &entry) {
    entry["metadata"]["annotations"].erase("hello/objects");
  });
  shop.undeploy();
  CHECK(shop.removed().size() == 3);
  CHECK(shop.cluster.api.find(kEntry));
}

TEST_CASE("undeploy: where nothing was deployed there is nothing to remove") {
  Shop shop;
  CHECK(shop.plan().empty());
}

TEST_CASE("undeploy: a history or an object that cannot be read ends the plan") {
  for (const Trouble trouble : {Trouble::unreachable, Trouble::forbidden}) {
    Shop shop;
    shop.deploy(hello_set());
    shop.cluster.fail_next(Operation::list, failure(trouble), "ControllerRevision");
    CHECK_THROWS_AS(shop.plan(), Error);
  }
  Shop shop;
  shop.deploy(hello_set());
  shop.cluster.fail_next(Operation::read, failure(Trouble::unreachable), "Service/hello");
  CHECK_THROWS_AS(shop.plan(), Error);
}

TEST_CASE("undeploy: what others hold stays, with the reason") {
  Shop shop;
  shop.deploy(hello_set());
  REQUIRE(shop.cluster.apply(set_of("apiVersion: v1\nkind: Service\nmetadata: {name: hello, "
                                    "namespace: shop}\nspec: {externalName: x}\n"),
                             {.manager = "argocd"}));
  shop.cluster.fail_always(Operation::read, failure(Trouble::forbidden), "ConfigMap/m");
  const deploy::Removal removal = shop.plan();
  CHECK(names_of(removal.remove) == Names{"Deployment/hello"});
  REQUIRE(names_of(removal.stay) == Names{"Service/hello", "ConfigMap/m"});
  CHECK(describe(removal.stay[0].ownership) == "\"argocd\" applies it too");
  CHECK(removal.stay[1].ownership.state == State::unreadable);
  shop.undeploy(removal);
  CHECK(shop.cluster.api.find(kService));
  CHECK(shop.cluster.api.find(kConfigMap));
  CHECK_FALSE(shop.cluster.api.find(kDeployment));
}

TEST_CASE("undeploy: it waits for the pods too") {
  Shop shop;
  shop.deploy(hello_set());
  shop.put_pod("hello-1");
  shop.put_pod("hello-2");
  shop.cluster.after(3s, [&] { shop.cluster.api.erase({"v1", "Pod", "shop", "hello-1"}); });
  shop.cluster.after(7s, [&] { shop.cluster.api.erase({"v1", "Pod", "shop", "hello-2"}); });
  shop.undeploy();
  CHECK(shop.cluster.elapsed() >= 7s);
  CHECK(shop.cluster.elapsed() < 8s);
  const auto notes = shop.seen.all<event::Note>(); // one for each change
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].text == "waiting until gone: Pod/hello-1, Pod/hello-2");
  CHECK(notes[1].text == "waiting until gone: Pod/hello-2");
  CHECK(shop.is_empty());
}

TEST_CASE("undeploy: a Deployment that stays keeps its pods") {
  Shop shop;
  shop.deploy(hello_set());
  shop.put_pod("hello-1");
  REQUIRE(
      shop.cluster.apply(set_of("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: hello, "
                                "namespace: shop}\nspec: {paused: true}\n"),
                         {.manager = "argocd"}));
  shop.undeploy();
  CHECK(shop.cluster.elapsed() == 0s);
  CHECK(shop.removed() == Names{"Service/hello", "ConfigMap/m"});
}

TEST_CASE("undeploy: a pod of the set that is waited for is named once") {
  Shop shop;
  release::Set set = hello_set();
  for (const kube::Object &pod :
       set_of("apiVersion: v1\nkind: Pod\nmetadata: {name: own, namespace: shop, labels: "
              "{app.kubernetes.io/name: hello, app.kubernetes.io/instance: hello}}\n"))
    set.push_back(pod);
  shop.deploy(set);
  const kube::Id own{"v1", "Pod", "shop", "own"};
  shop.hold(own);
  shop.put_pod("hello-1");
  shop.cluster.after(3s, [&] { shop.cluster.api.erase({"v1", "Pod", "shop", "hello-1"}); });
  shop.cluster.after(5s, [&] { shop.cluster.api.erase(own); });
  shop.undeploy();
  const auto notes = shop.seen.all<event::Note>();
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].text.ends_with("by finalizer example.com/hold), Pod/hello-1"));
  CHECK(notes[1].text.ends_with("by finalizer example.com/hold)"));
}

TEST_CASE("undeploy: an object that goes in the middle is removed as well") {
  Shop shop;
  shop.deploy(hello_set());
  shop.cluster.before_next(
      Operation::remove, [&] { shop.cluster.api.erase(kConfigMap); }, "ConfigMap/m");
  shop.undeploy();
  CHECK(shop.removed().size() == 3);
  CHECK(shop.seen.count<event::Warning>() == 0);
}

TEST_CASE(
    "undeploy: another object in the place of one stays, with a warning, and is not waited for") {
  Shop shop;
  shop.deploy(hello_set());
  shop.cluster.before_next(
      Operation::remove,
      [&] {
        shop.cluster.api.erase(kConfigMap);
        shop.cluster.api.put(
            object("{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: shop}}"));
      },
      "ConfigMap/m");
  shop.undeploy();
  REQUIRE(shop.seen.count<event::Warning>() == 1);
  CHECK(shop.seen.last<event::Warning>()->object == "ConfigMap/m");
  CHECK(shop.removed() == Names{"Deployment/hello", "Service/hello"});
  CHECK(shop.cluster.api.find(kConfigMap));
  CHECK(shop.cluster.elapsed() == 0s);
}

TEST_CASE("undeploy: a new object with the name of one that is being removed is not waited for") {
  Shop shop;
  shop.deploy(hello_set());
  shop.hold(kConfigMap);
  shop.cluster.after(5s, [&] {
    shop.cluster.api.erase(kConfigMap);
    shop.cluster.api.put(
        object("{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: shop}}"));
  });
  shop.undeploy();
  CHECK(shop.cluster.elapsed() < 10s);
  CHECK(shop.removed().size() == 3);
  CHECK(shop.cluster.api.find(kConfigMap));
}

TEST_CASE("undeploy: what another deploy adds while the lock is waited for goes too") {
  Shop shop;
  shop.deploy(hello_set());
  const deploy::Removal removal = shop.plan();
  const kube::Id lease{"coordination.k8s.io/v1", "Lease", "shop", "hello-release"};
  shop.cluster.api.put(
      object("{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: hello-release, "
             "namespace: shop}, spec: {holderIdentity: another, leaseDurationSeconds: 6}}"));
  shop.cluster.after(2s, [&] {
    shop.cluster.api.erase(lease);
    release::Set more = hello_set();
    more.erase(more.begin() + 1, more.end());
    more[0].id.name = "more";
    more[0].value["metadata"]["name"] = json::string("more");
    shop.deploy(more, 2);
  });
  shop.undeploy(removal);
  CHECK(shop.removed().size() == 4);
  CHECK(shop.is_empty());
}

TEST_CASE(
    "undeploy: a cluster that refuses, or goes away in the middle, ends it; again carries on") {
  for (const Trouble trouble : {Trouble::unreachable, Trouble::forbidden, Trouble::timed_out}) {
    Shop shop;
    shop.deploy(hello_set());
    shop.cluster.fail_next(Operation::remove, failure(trouble), "Service/hello");
    const Error error = shop.failed();
    CHECK(error.code() == Exit::cluster);
    CHECK(contains(error.what(), "remove Service/hello"));
    CHECK_FALSE(shop.cluster.api.find(kDeployment));
    CHECK(shop.cluster.api.find(kEntry)); // knows what is left
    shop.undeploy();
    CHECK(shop.removed() == Names{"Service/hello", "ConfigMap/m"});
    CHECK(shop.is_empty());
  }
}

TEST_CASE("undeploy: an object is not gone as long as nothing answers") {
  Shop shop;
  shop.deploy(hello_set());
  const deploy::Removal removal = shop.plan();
  shop.cluster.before_next(
      Operation::remove,
      [&] {
        shop.cluster.fail_always(Operation::read, failure(Trouble::unreachable), "Service/hello");
      },
      "Service/hello");
  shop.cluster.after(5s, [&] { shop.cluster.allow(Operation::read); });
  shop.undeploy(removal);
  CHECK(shop.cluster.elapsed() >= 5s);
  CHECK(shop.is_empty());
}

TEST_CASE("undeploy: a finalizer that holds an object is a time-out that names it") {
  Shop shop;
  shop.deploy(hello_set());
  shop.hold(kConfigMap);
  const Error error = shop.failed(30s);
  CHECK(error.code() == Exit::rollout);
  CHECK(std::string(error.what()) == "still there at the time limit: ConfigMap/m (being removed, "
                                     "held by finalizer example.com/hold)");
  CHECK(shop.removed() == Names{"Deployment/hello", "Service/hello"});
  CHECK(contains(error.hint(), "finalizer"));
  CHECK(shop.cluster.elapsed() >= 30s);
  CHECK(shop.cluster.elapsed() < 31s);
  CHECK(shop.cluster.api.find(kEntry));
  CHECK(shop.seen.count<event::HistoryRemoved>() == 0);
  // a second one knows that hello deleted it
  CHECK(names_of(shop.plan().remove) == Names{"ConfigMap/m"});
  shop.cluster.after(5s, [&] { shop.cluster.api.erase(kConfigMap); });
  shop.undeploy();
  CHECK(shop.removed() == Names{"ConfigMap/m"});
  CHECK(shop.is_empty());
}

TEST_CASE("undeploy: a time-out names five of the objects that are left, and counts the others") {
  Shop shop;
  shop.deploy(hello_set());
  for (int i = 1; i <= 7; ++i) shop.put_pod("hello-" + std::to_string(i));
  CHECK(std::string(shop.failed(1s).what()) ==
        "still there at the time limit: Pod/hello-1, Pod/hello-2, Pod/hello-3, Pod/hello-4, "
        "Pod/hello-5 and 2 more");
}

TEST_CASE("undeploy: an interruption ends the wait, and the history is still there") {
  Shop shop;
  shop.deploy(hello_set());
  shop.hold(kConfigMap);
  shop.cluster.interrupt_after(2s);
  const Error error = shop.failed();
  CHECK(error.is_interruption());
  CHECK(shop.cluster.elapsed() == 2s);
  CHECK(shop.cluster.api.find(kEntry));
}

TEST_CASE("undeploy: a history entry that cannot be removed is an error, unless it is gone") {
  Shop shop;
  shop.deploy(hello_set());
  shop.cluster.fail_next(Operation::remove, failure(Trouble::forbidden),
                         "ControllerRevision/hello-release-1");
  const Error error = shop.failed();
  CHECK(error.code() == Exit::cluster);
  CHECK(contains(error.what(), "remove ControllerRevision/hello-release-1"));
  shop.cluster.before_next(
      Operation::remove, [&] { shop.cluster.api.erase(kEntry); },
      "ControllerRevision/hello-release-1");
  shop.undeploy();
  CHECK(shop.is_empty());
}

TEST_CASE("undeploy: a namespace that hello made goes last") {
  Shop shop;
  shop.deploy_with_namespace();
  // what Kubernetes puts into each namespace, and what objects own
  for (const char *yaml :
       {"{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: shop}}",
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}",
        "{apiVersion: v1, kind: Secret, metadata: {name: token, namespace: shop, ownerReferences: "
        "[{uid: x}]}}"})
    shop.cluster.api.put(object(yaml));
  const deploy::Removal removal = shop.plan();
  CHECK(names_of(removal.namespaces) == Names{"Namespace/shop"});
  CHECK(names_of(removal.remove) == Names{"Deployment/hello", "Service/hello", "ConfigMap/m"});
  shop.undeploy(removal);
  CHECK(shop.cluster.journal.back() == "remove Namespace/shop");
  CHECK(shop.removed().back() == "Namespace/shop");
  CHECK(shop.cluster.api.all().empty());
}

TEST_CASE("undeploy: the namespaces of add-ons go too") {
  Shop shop;
  shop.deploy(set_of("apiVersion: v1\nkind: Namespace\nmetadata: {name: logging, labels: {a: b}}\n"
                     "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: agent, namespace: "
                     "logging, labels: {app.kubernetes.io/managed-by: hello, "
                     "app.kubernetes.io/instance: hello}}\ndata: {a: b}\n"));
  CHECK(names_of(shop.plan().remove) == Names{"ConfigMap/agent", "Namespace/logging"});
  CHECK(shop.plan().namespaces.empty());
  shop.undeploy();
  CHECK(shop.cluster.journal == Names{"remove ConfigMap/agent", "remove Namespace/logging",
                                      "remove ControllerRevision/hello-release-1"});
}

TEST_CASE("undeploy: a namespace of the set stays where another release of that name runs") {
  Shop shop;
  shop.deploy(set_of("apiVersion: v1\nkind: Namespace\nmetadata: {name: second, labels: {a: b}}\n"
                     "---\napiVersion: v1\nkind: Service\nmetadata: {name: hello, namespace: shop, "
                     "labels: {app.kubernetes.io/managed-by: hello, "
                     "app.kubernetes.io/instance: hello}}\nspec: {externalName: x}\n"));
  for (const char *yaml :
       {"{apiVersion: v1, kind: Service, metadata: {name: hello, namespace: second}}",
        "{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: hello-release-1, "
        "namespace: second}}",
        "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: hello-release, "
        "namespace: second}}"})
    shop.cluster.api.put(object(yaml));
  const deploy::Removal removal = shop.plan();
  CHECK(removal.namespaces.empty());
  REQUIRE(names_of(removal.stay) == Names{"Namespace/second"});
  for (const char *name : {"Service/hello", "ControllerRevision/hello-release-1", "Lease/hello-"})
    CHECK(removal.stay[0].ownership.who.find(name) != std::string::npos);
}

TEST_CASE("undeploy: a namespace that is not hello's is not spoken of") {
  Shop shop;
  shop.deploy(hello_set());
  CHECK(shop.plan().namespaces.empty());
  CHECK(shop.plan().stay.empty());
}

TEST_CASE("undeploy: a namespace is kept for each reason that speaks against it") {
  using Prepare = void (*)(Shop &);
  const std::tuple<State, const char *, Prepare> rows[] = {
      {State::applied_too, "argocd",
       [](Shop &shop) {
         REQUIRE(
             shop.cluster.apply(set_of("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, "
                                       "labels: {team: x}}\n"),
                                {.manager = "argocd"}));
       }},
      {State::extra_fields, "kubectl-edit",
       [](Shop &shop) {
         shop.cluster.api.update(kNamespace, "kubectl-edit", [](json::Value &ns) {
           ns["spec"]["finalizers"].push(json::string("kubernetes"));
         });
       }},
      {State::unlisted, "",
       [](Shop &shop) {
         shop.cluster.fail_always(Operation::objects_in, failure(Trouble::forbidden));
       }},
      {State::in_use, "Job/theirs, PersistentVolumeClaim/theirs",
       [](Shop &shop) {
         shop.cluster.api.put(object(
             "{apiVersion: batch/v1, kind: Job, metadata: {name: theirs, namespace: shop}}"));
         shop.cluster.api.put(object("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: "
                                     "{name: theirs, namespace: shop}}"));
       }},
  };
  for (const auto &row : rows) {
    const auto &[state, who, prepare] = row;
    CAPTURE(std::get<1>(row));
    Shop shop;
    shop.deploy_with_namespace();
    prepare(shop);
    const deploy::Removal removal = shop.plan();
    CHECK(removal.namespaces.empty());
    REQUIRE(names_of(removal.stay) == Names{"Namespace/shop"});
    CHECK(removal.stay[0].ownership.state == state);
    CHECK(removal.stay[0].ownership.who == who);
    shop.undeploy(removal);
    CHECK(shop.cluster.api.find(kNamespace));
    CHECK(shop.is_empty());
  }
}

TEST_CASE("undeploy: an object that stays keeps its namespace") {
  Shop shop;
  shop.deploy_with_namespace();
  REQUIRE(shop.cluster.apply(set_of("apiVersion: v1\nkind: Service\nmetadata: {name: hello, "
                                    "namespace: shop}\nspec: {externalName: x}\n"),
                             {.manager = "argocd"}));
  const deploy::Removal removal = shop.plan();
  REQUIRE(names_of(removal.stay) == Names{"Service/hello", "Namespace/shop"});
  CHECK(describe(removal.stay[1].ownership) == "others have made things in it: Service/hello");
}

TEST_CASE("undeploy: a namespace that may not be read, or is gone, is left alone") {
  Shop unread;
  unread.deploy_with_namespace();
  unread.cluster.fail_always(Operation::read, failure(Trouble::forbidden), "Namespace/shop");
  CHECK(unread.plan().namespaces.empty());
  CHECK(unread.plan().stay.empty());

  Shop ending;
  ending.deploy_with_namespace();
  ending.hold(kNamespace);
  REQUIRE(ending.cluster.remove(kNamespace, {}, {}));
  CHECK(names_of(ending.plan().namespaces) == Names{"Namespace/shop"}); // it is waited for
  CHECK(ending.plan().stay.empty());

  Shop silent;
  silent.deploy_with_namespace();
  silent.cluster.fail_always(Operation::read, failure(Trouble::unreachable), "Namespace/shop");
  CHECK_THROWS_AS(silent.plan(), Error);
}

TEST_CASE("undeploy: a second one waits for the namespace that the first began to remove") {
  Shop shop;
  shop.deploy_with_namespace();
  shop.hold(kNamespace);
  shop.failed(20s);
  shop.cluster.journal.clear();
  const deploy::Removal removal = shop.plan();
  CHECK(names_of(removal.namespaces) == Names{"Namespace/shop"});
  CHECK(removal.remove.empty());
  shop.cluster.after(5s, [&] { shop.cluster.api.erase(kNamespace); });
  shop.undeploy(removal);
  CHECK(shop.removed().back() == "Namespace/shop");
  CHECK(shop.cluster.times("remove ") == 0);
  CHECK(shop.plan().empty());
}

TEST_CASE("undeploy: in a namespace that is being removed, it waits for what a finalizer holds") {
  Shop shop;
  shop.deploy_with_namespace();
  for (const kube::Id &id : {kConfigMap, kNamespace}) {
    shop.hold(id);
    REQUIRE(shop.cluster.remove(id, {}, {}));
  }
  for (const kube::Id &id : {kDeployment, kService}) shop.cluster.api.erase(id);
  const Error error = shop.failed(20s); // it cannot have the lock there
  CHECK(error.code() == Exit::rollout);
  CHECK(contains(error.what(), "ConfigMap/m (being removed, held by finalizer example.com/hold)"));
  shop.cluster.after(5s, [&] { shop.cluster.api.erase(kNamespace); });
  shop.undeploy();
  CHECK(shop.plan().empty());
}

TEST_CASE("undeploy: a namespace says itself what it waits for") {
  Shop shop;
  shop.deploy_with_namespace();
  shop.hold(kNamespace);
  shop.cluster.after(5s, [&] {
    shop.cluster.api.update(kNamespace, "", [](json::Value &ns) {
      ns["metadata"].erase("finalizers");
      ns["status"]["conditions"] = json::parse(
          R"([{"type":"NamespaceFinalizersRemaining","status":"True","message":"x in 1 resource"}])",
          "conditions");
    });
  });
  CHECK(contains(shop.failed(20s).what(), "Namespace/shop (being removed: x in 1 resource)"));
}

TEST_CASE("undeploy: a namespace that does not go is a time-out that names it") {
  Shop shop;
  shop.deploy_with_namespace();
  shop.hold(kNamespace);
  const Error error = shop.failed(20s);
  CHECK(error.code() == Exit::rollout);
  CHECK(std::string(error.what()) ==
        "still there at the time limit: Namespace/shop (being removed, "
        "held by finalizer example.com/hold)");
  CHECK(shop.seen.count<event::HistoryRemoved>() == 1);
  CHECK(shop.removed() == Names{"Deployment/hello", "Service/hello", "ConfigMap/m"});
}

TEST_CASE("undeploy: an object of another API group is another's, though kind and name are ours") {
  Shop shop;
  shop.deploy_with_namespace();
  shop.cluster.api.put(object(
      "{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: hello, namespace: "
      "shop}}"));
  const deploy::Removal removal = shop.plan();
  REQUIRE(names_of(removal.stay) == Names{"Namespace/shop"});
  CHECK(removal.stay[0].ownership.who == "Service/hello");
}

TEST_CASE("undeploy: what an object owns goes only where all of its owners go") {
  const auto put = [](Shop &shop, const std::string &name, const std::string &owners) {
    shop.cluster.api.put(object("{apiVersion: v1, kind: Secret, metadata: {name: " + name +
                                ", namespace: shop, ownerReferences: [" + owners + "]}}"));
    return "{kind: Secret, uid: " +
           shop.cluster.api.find({"v1", "Secret", "shop", name})->text("metadata", "uid") + "}";
  };
  for (const char *others : {"", "{kind: Node, uid: n}", "theirs"}) {
    CAPTURE(others);
    Shop shop;
    shop.deploy_with_namespace();
    const std::string uid = shop.cluster.api.find(kDeployment)->text("metadata", "uid"),
                      ours = "{kind: Deployment, uid: " + uid + "}",
                      more = others == std::string("theirs") ? put(shop, "theirs", "") : others;
    put(shop, "owned", put(shop, "between", ours + (more.empty() ? "" : ", " + more)));
    const deploy::Removal removal = shop.plan();
    if (more.empty())
      CHECK(names_of(removal.namespaces) == Names{"Namespace/shop"});
    else
      CHECK(removal.stay.at(0).ownership.who.starts_with("Secret/between, Secret/owned"));
  }
}

TEST_CASE("undeploy: hello/keep is honoured on a namespace and on a Secret, live or in the set") {
  const auto keep = [](json::Value &value) {
    value["metadata"]["annotations"]["hello/keep"] = json::string("true");
  };
  const kube::Id secret{"v1", "Secret", "shop", "s"};
  for (const bool live : {true, false}) {
    CAPTURE(live);
    Shop shop;
    shop.cluster.api.erase(kNamespace);
    release::Set set = set_of(kShop);
    for (const kube::Object &object : set_of("{apiVersion: v1, kind: Secret, metadata: {name: s, "
                                             "namespace: shop}, data: {a: Yg==}}"))
      set.push_back(object);
    for (kube::Object &object : set)
      if (!live) keep(object.value);
    release::Release one;
    one.revision = 1;
    one.state = release::State::ready;
    one.digest = release::digest_of(set);
    one.objects = {secret};
    if (!live) one.kept_secrets = {secret};
    const release::Set marked = release::marked(set, shop.cluster.access());
    for (const kube::Object &object : marked)
      REQUIRE(shop.cluster.apply(
          {&object, 1}, {.manager = release::manager_of(object.id, shop.cluster.access())}));
    REQUIRE(shop.cluster.create(kEntry, release::entry_of(one, set, "shop"), "hello", {}));
    for (const kube::Id &id : {kNamespace, secret})
      shop.cluster.api.update(id, "", [&](json::Value &value) {
        if (live)
          keep(value);
        else
          value["metadata"]["annotations"].erase("hello/keep");
      });
    const deploy::Removal removal = shop.plan();
    CHECK(removal.remove.empty());
    CHECK(removal.namespaces.empty());
    REQUIRE(names_of(removal.stay) == Names{"Secret/s", "Namespace/shop"});
    for (const release::Found &found : removal.stay) CHECK(found.ownership.state == State::keep);
    shop.undeploy(removal);
    CHECK(shop.cluster.api.find(secret));
    CHECK(shop.cluster.api.find(kNamespace));
  }
}

TEST_CASE("undeploy: an unreadable quota stays if a set had it, and is not spoken of otherwise") {
  const release::Set quota = set_of("{apiVersion: v1, kind: ResourceQuota, metadata: {name: hello, "
                                    "namespace: shop}, spec: {hard: {pods: 9}}}");
  for (const bool had : {false, true}) {
    CAPTURE(had);
    Shop shop;
    release::Set set = hello_set();
    if (had) set.push_back(quota.front());
    shop.deploy(set);
    for (const char *object : {"ResourceQuota/hello", "LimitRange/hello"})
      shop.cluster.fail_always(Operation::read, failure(Trouble::forbidden), object);
    CHECK(names_of(shop.plan().stay) == (had ? Names{"ResourceQuota/hello"} : Names{}));
  }
}
