#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using Action = deploy::Item::Action;
using Names = std::vector<std::string>;

namespace {

const std::string kTheirs = R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: m, namespace: shop, annotations: {meta.helm.sh/release-name: web}}
data: {MESSAGES: theirs, more: x}
)";
const kube::Id kElsewhere{"v1", "ConfigMap", "other", "extra"};

bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != text.npos;
}

/// hello_set() with a ConfigMap in namespace other.
release::Set with_extra() {
  release::Set set = hello_set();
  for (const kube::Object &object :
       set_of("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra, namespace: other}\n"
              "data: {a: b}\n"))
    set.push_back(object);
  return set;
}

/// A shop where Helm made ConfigMap m.
struct Helms : Shop {
  Helms() {
    cluster.api.put(object("{apiVersion: v1, kind: Namespace, metadata: {name: other}}"));
    REQUIRE(cluster.api.apply(set_of(kTheirs).front(), "helm", false));
  }
  std::string message() const { return cluster.api.find(kConfigMap)->text("data", "MESSAGES"); }
  bool is_marked(const kube::Id &id) const {
    return !cluster.api.find(id)->text("metadata", "annotations", release::kMark).empty();
  }
};

} // namespace

TEST_CASE("adopt: an object that others own ends a deploy before anything changes") {
  Helms shop;
  const Error error = shop.run_fails(hello_set());
  CHECK(error.code() == Exit::cluster);
  CHECK(contains(error.what(), "ConfigMap/m: Helm release \"web\"; field manager: helm "
                               "(--adopt ConfigMap/m)"));
  CHECK(error.hint() == "take them over with --adopt ConfigMap/m, or leave them out");
  CHECK(shop.cluster.journal.empty());
  CHECK(shop.message() == "theirs");
}

TEST_CASE("adopt: an error lists both the conflicts and the objects of others") {
  Shop shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.cluster.api.update(kConfigMap, "argocd", [](json::Value &map) {
    map["data"]["MESSAGES"] = json::string("theirs");
  });
  shop.cluster.api.put(object("{apiVersion: v1, kind: Namespace, metadata: {name: other}}"));
  REQUIRE(shop.cluster.api.apply(with_extra().back(), "helm", false));
  const Error error = shop.run_fails(with_extra());
  CHECK(contains(error.what(), "is held by \"argocd\""));
  CHECK(contains(error.what(), "ConfigMap/extra: field manager: helm (--adopt ConfigMap/other/"));
  CHECK(contains(error.hint(), "--force-conflicts"));
  CHECK(contains(error.hint(), "--adopt ConfigMap/other/extra"));
}

TEST_CASE("adopt: a plan lists what needs adoption, and is a difference") {
  Helms shop;
  REQUIRE(shop.run(set_of(
              R"({apiVersion: v1, kind: ConfigMap, metadata: {name: z, namespace: shop}})")) ==
          Exit::ok);
  const release::Set set = hello_set();
  const deploy::Plan plan = deploy::make_plan(shop.cluster, {set.begin(), set.begin() + 1}, {});
  REQUIRE(plan.foreign.size() == 1);
  CHECK(plan.foreign[0].id == kConfigMap);
  CHECK(plan.foreign[0].adopt == "ConfigMap/m");
  CHECK(plan.set.empty());
  CHECK_FALSE(plan.empty());
  CHECK(contains(plan.summary(), "1 owned by others"));
}

TEST_CASE(
    "adopt: a named object is applied by force in a call of its own, and keeps its managers") {
  for (const char *argument : {"ConfigMap/m", "configmap/shop/m", "all"}) {
    CAPTURE(argument);
    Helms shop;
    shop.options.adopt = {argument};
    REQUIRE(shop.run(hello_set()) == Exit::ok);
    CHECK(shop.message() == "hi");
    CHECK(shop.cluster.times("apply ConfigMap/m as hello by force") == 1);
    CHECK(shop.cluster.times("apply Service/hello Deployment/hello as hello") == 1);
    const json::Value &live = *shop.cluster.api.find(kConfigMap);
    CHECK(live.text("data", "more") == "x");
    CHECK_FALSE(kube::ownership(live, "helm").empty());
    CHECK(shop.is_marked(kConfigMap));

    shop.options.adopt.clear();
    CHECK(shop.run(hello_set("hello:2")) == Exit::ok); // it is hello's by now
  }
}

TEST_CASE("adopt: what was adopted is not pruned while another manager applies it") {
  Helms shop;
  shop.options.adopt = {"ConfigMap/m"};
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  release::Set set = hello_set();
  set.erase(set.begin());
  shop.options.adopt.clear();
  REQUIRE(shop.run(set) == Exit::ok);
  CHECK(shop.cluster.api.find(kConfigMap));
  CHECK(shop.warned("ConfigMap/m", "\"helm\" applies it too"));
}

TEST_CASE("adopt: all covers the namespace, but not other releases, nor what is elsewhere") {
  Helms shop;
  shop.options.adopt = {"all"};
  shop.cluster.api.put(object("{apiVersion: v1, kind: ConfigMap, metadata: {name: extra, "
                              "namespace: other}, data: {a: c}}"));
  Error error = shop.run_fails(with_extra());
  CHECK(contains(error.what(), "ConfigMap/extra: unknown (--adopt ConfigMap/other/extra)"));
  CHECK_FALSE(contains(error.what(), "ConfigMap/m"));
  CHECK(shop.cluster.journal.empty());

  shop.cluster.api.erase(kElsewhere);
  shop.cluster.api.update(kConfigMap, "", [](json::Value &map) {
    map["metadata"]["annotations"][release::kMark] = json::string("shop/web");
  });
  error = shop.run_fails(hello_set());
  CHECK(contains(error.what(), "ConfigMap/m: release \"shop/web\""));

  shop.cluster.api.update(kConfigMap, "", [](json::Value &map) { // as 0.1.0 made it
    map["metadata"]["annotations"] = json::Value();
    map["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json::string("hello");
    map["metadata"]["labels"]["app.kubernetes.io/instance"] = json::string("web");
  });
  error = shop.run_fails(hello_set());
  CHECK(contains(error.what(), "--adopt ConfigMap/m"));
  shop.options.adopt = {"ConfigMap/m"}; // by its name it is
  CHECK(shop.run(hello_set()) == Exit::ok);
}

TEST_CASE("adopt: all covers what the releases of a namespace share, for each of them") {
  const release::Set quota = set_of(
      "{apiVersion: v1, kind: ResourceQuota, metadata: {name: hello, namespace: shop, labels: "
      "{app.kubernetes.io/managed-by: hello, app.kubernetes.io/instance: hello}}}");
  for (const char *release : {"hello", "web"}) {
    CAPTURE(release);
    Shop shop;
    REQUIRE(shop.cluster.api.apply(quota.front(), "kubectl", false));
    shop.cluster.set_release(release);
    shop.options.adopt = {"all"};
    const deploy::Plan plan = deploy::make_plan(shop.cluster, quota, shop.options);
    CHECK(plan.foreign.empty());
    CHECK(plan.adopted.count(quota.front().id) == 1);
  }
}

TEST_CASE("adopt: what a controller makes is never adopted") {
  Helms shop;
  shop.cluster.api.update(kConfigMap, "", [](json::Value &map) {
    map["metadata"]["ownerReferences"].push(
        object("{kind: Shop, name: s, uid: u, controller: true}"));
  });
  shop.options.adopt = {"ConfigMap/m", "all"};
  const Error error = shop.run_fails(hello_set());
  CHECK(contains(error.what(), "cannot be adopted: a controller creates it"));
  CHECK(error.hint() == "leave them out of the manifests");
  CHECK(shop.message() == "theirs");
}

TEST_CASE("adopt: an argument that names nothing of the set is a usage error") {
  for (const char *argument : {"ConfigMap/x", "ConfigMap", "ConfigMap/other/m",
                               "Deployment.batch/hello", "ConfigMap/shop/m/x", ""}) {
    CAPTURE(argument);
    Shop shop;
    shop.options.adopt = {argument};
    const Error error = shop.run_fails(hello_set());
    CHECK(error.code() == Exit::usage);
    CHECK(shop.cluster.journal.empty());
  }
}

TEST_CASE("adopt: a failed rollout gives adopted objects back, unmarked, and prunes none of them") {
  Helms shop;
  REQUIRE(shop.run([] {
    release::Set set = hello_set();
    set.erase(set.begin());
    return set;
  }()) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  shop.options.adopt = {"ConfigMap/m"};
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == event::Failed::Left::rolled_back);
  CHECK(shop.message() == "theirs");
  CHECK_FALSE(shop.is_marked(kConfigMap));
  shop.options.adopt.clear();
  release::Set set = hello_set("hello:3");
  set.erase(set.begin());
  CHECK(shop.run(set) == Exit::ok);
  CHECK(shop.cluster.api.find(kConfigMap));
  CHECK(shop.run_fails(hello_set("hello:3")).code() == Exit::cluster); // it is Helm's again
}

TEST_CASE("adopt: objects of 0.1.0 get the mark without a question, and no pod restarts") {
  Shop shop;
  REQUIRE(shop.cluster.apply(hello_set(), {.manager = "hello"}));
  shop.controller.roll_out();
  const auto pods = [&] {
    Names uids;
    for (const auto &[id, value] : shop.cluster.api.all())
      if (id.kind == "Pod") uids.push_back(value.text("metadata", "uid"));
    return uids;
  };
  const Names before = pods();
  const deploy::Plan plan = deploy::make_plan(shop.cluster, hello_set(), {});
  for (const deploy::Item &item : plan.items) {
    CHECK(item.action == Action::change);
    REQUIRE(item.changes.size() == 1);
    CHECK(item.changes[0].path.starts_with("metadata.annotations"));
  }
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.cluster.api.find(kDeployment)->text("metadata", "annotations", release::kMark) ==
        "shop/hello");
  CHECK_FALSE(shop.cluster.api.find(kDeployment)
                  ->at("spec", "template", "metadata", "annotations")
                  .find(release::kMark));
}

namespace {

/// ConfigMap m as client-side kubectl apply makes it.
const std::string kByKubectl = R"(
apiVersion: v1
kind: ConfigMap
metadata:
  name: m
  namespace: shop
  annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}"}
  managedFields:
  - manager: kubectl-client-side-apply
    operation: Update
    fieldsV1: {"f:data": {"f:MESSAGES": {}, "f:more": {}}, "f:metadata": {"f:annotations":
      {"f:kubectl.kubernetes.io/last-applied-configuration": {}}}}
data: {MESSAGES: theirs, more: x}
)";

} // namespace

TEST_CASE("adopt: what kubectl apply made keeps its manager and fields, and is not pruned") {
  Shop shop;
  shop.cluster.api.put(object(kByKubectl));
  shop.options.adopt = {"ConfigMap/m"};
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.cluster.times("apply ConfigMap/m as hello by force beside kubectl") == 1);
  shop.options.adopt.clear();
  release::Set later = hello_set();
  in(later, "ConfigMap")["data"]["MESSAGES"] = json::string("bye");
  REQUIRE(shop.run(later) == Exit::ok); // later ones leave them as well
  const json::Value &live = *shop.cluster.api.find(kConfigMap);
  CHECK(live.text("data", "MESSAGES") == "bye");
  CHECK(live.text("data", "more") == "x");
  CHECK(release::is_applied_by_kubectl(live));
  CHECK_FALSE(kube::ownership(live, "hello").empty());
  release::Set set = hello_set();
  set.erase(set.begin());
  REQUIRE(shop.run(set) == Exit::ok);
  CHECK(shop.cluster.api.find(kConfigMap));
  CHECK(shop.warned("ConfigMap/m", "\"kubectl-client-side-apply\" applies it too"));
}

TEST_CASE("adopt: an object between others that kubectl apply made is applied in its place") {
  Shop shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.cluster.api.update(kService, "", [](json::Value &service) {
    service["metadata"]["managedFields"].push(
        object(kByKubectl).at("metadata", "managedFields").items().front());
  });
  REQUIRE(shop.run(hello_set("hello:2")) == Exit::ok);
  std::vector<std::string> applied;
  for (const std::string &line : shop.cluster.journal)
    if (line.starts_with("apply")) applied.push_back(line);
  CHECK(applied == std::vector<std::string>{"apply ConfigMap/m as hello",
                                            "apply Service/hello as hello beside kubectl",
                                            "apply Deployment/hello as hello"});
}

TEST_CASE("adopt: handing replicas over leaves the fields of kubectl apply as well") {
  Shop shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.cluster.api.update(kDeployment, "", [](json::Value &live) {
    live["spec"]["minReadySeconds"] = json::integer(3);
    live["metadata"]["managedFields"].push(
        object("{manager: kubectl-client-side-apply, operation: Update, fieldsV1: {'f:spec': "
               "{'f:minReadySeconds': {}}, 'f:metadata': {'f:annotations': "
               "{'f:kubectl.kubernetes.io/last-applied-configuration': {}}}}}"));
  });
  shop.cluster.after(1s, [&] { shop.scale(3); });
  REQUIRE(shop.run(autoscaled(hello_set())) == Exit::ok);
  CHECK(shop.cluster.times("apply Deployment/hello as hello-handover beside kubectl") == 1);
  const json::Value &live = *shop.cluster.api.find(kDeployment);
  CHECK(live.at("spec", "minReadySeconds").number() == 3);
  CHECK(release::is_applied_by_kubectl(live));
}

TEST_CASE("adopt: an autoscaler that scales between plan and apply keeps its count") {
  Shop shop;
  release::Set theirs = set_of(kTheirs);
  theirs.push_back(hello_set("hello:0")[1]);
  for (const kube::Object &object : theirs) REQUIRE(shop.cluster.api.apply(object, "helm", false));
  shop.scale(7);
  shop.cluster.before_next(Operation::apply, [&] { shop.scale(9); });
  shop.options.adopt = {"all"};
  CHECK(shop.run(hello_set("hello:1")) == Exit::ok);
  CHECK(shop.live_replicas() == 9);
}
