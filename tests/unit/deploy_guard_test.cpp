#include "deploy/inventory.h"
#include "hello/lock.h"
#include "hello/owner.h"
#include "hello/undeploy.h"
#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using kube::Trouble;
using Names = std::vector<std::string>;

/// What keeps a deploy from doing harm: to shared objects, to what is outside its namespace, to
/// what the history could not find again, and to changes that others make meanwhile.
namespace {

const kube::Id kPolicy{"networking.k8s.io/v1", "NetworkPolicy", "shop", "default-deny"},
    kQuota{"v1", "ResourceQuota", "shop", "hello"},
    kRole{"rbac.authorization.k8s.io/v1", "ClusterRole", "", "reader"};
const std::string kRoleYaml = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
                              "metadata: {name: reader}\nrules: []\n";

bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != text.npos;
}

release::Set with(release::Set set, const std::string &yaml) {
  for (kube::Object &more : set_of(yaml)) set.push_back(std::move(more));
  return set;
}

/// The namespace with its shared objects, before hello_set().
release::Set whole_set(const std::string &pods = "10") {
  const std::string meta = "labels: {app.kubernetes.io/managed-by: hello, "
                           "app.kubernetes.io/instance: hello}}\n";
  release::Set set = set_of("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, " + meta);
  set = with(std::move(set), "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: hello, "
                             "namespace: shop, " +
                                 meta + "spec: {hard: {pods: '" + pods + "'}}\n");
  for (const kube::Object &object : hello_set()) set.push_back(object);
  return with(std::move(set), "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: "
                              "{name: default-deny, namespace: shop, " +
                                  meta + "spec: {podSelector: {}}\n");
}

struct Guarded : Shop {
  std::string mark(const kube::Id &id) const {
    const json::Value *live = cluster.api.find(id);
    return live ? live->text("metadata", "annotations", release::kMark) : "none";
  }
  std::string pods_of_quota() const {
    return cluster.api.find(kQuota)->text("spec", "hard", "pods");
  }
  /// Another release, which has a history here.
  void add_release(const std::string &name) {
    cluster.api.put(
        object("{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: " + name +
               "-release-1, namespace: shop, labels: "
               "{app.kubernetes.io/managed-by: hello, app.kubernetes.io/component: "
               "release, app.kubernetes.io/instance: " +
               name + "}}}"));
  }
  void undeploy() {
    seen.events.clear();
    deploy::undeploy(cluster, deploy::plan_removal(cluster), cluster.now() + 60s, seen.listener);
  }
};

/// A shop in a namespace that hello makes.
struct Own : Guarded {
  Own() { cluster.api.erase(kNamespace); }
};

} // namespace

TEST_CASE(
    "guard: what a namespace's releases share has its own mark and manager, and no revision") {
  Own shop;
  REQUIRE(shop.run(whole_set()) == Exit::ok);
  for (const kube::Id &id : {kNamespace, kQuota, kPolicy}) {
    CAPTURE(id.text());
    CHECK(shop.mark(id) == "shop/");
    CHECK_FALSE(kube::ownership(*shop.cluster.api.find(id), "hello-shared").empty());
    CHECK(kube::ownership(*shop.cluster.api.find(id), "hello").empty());
  }
  CHECK(shop.mark(kDeployment) == "shop/hello");
  const auto history = release::read_history(shop.cluster).take("", {});
  REQUIRE(history.size() == 1);
  CHECK(history[0].objects == std::vector<kube::Id>{kConfigMap, kDeployment, kService});
  CHECK(shop.run(whole_set()) == Exit::ok);
  CHECK(shop.cluster.journal.empty()); // nothing to do
}

TEST_CASE("guard: a changed release applies nothing of what is shared and unchanged") {
  Own shop;
  release::Set set = whole_set();
  REQUIRE(shop.run(set) == Exit::ok);
  in(set, "ConfigMap")["data"]["MESSAGES"] = json::string("changed");
  REQUIRE(shop.run(set) == Exit::ok);
  CHECK(shop.cluster.times("apply ") > 0);
  for (const std::string &line : shop.cluster.journal)
    CHECK(line.find("hello-shared") == std::string::npos);
}

TEST_CASE("guard: a shared quantity that the API server writes as text is unchanged") {
  Own shop;
  release::Set set = whole_set();
  in(set, "ResourceQuota")["spec"]["hard"]["pods"] = json::integer(10);
  REQUIRE(shop.run(set) == Exit::ok);
  json::Value live = *shop.cluster.api.find(kQuota);
  live["spec"]["hard"]["pods"] = json::string("10");
  shop.cluster.api.put(std::move(live));
  CHECK(deploy::make_plan(shop.cluster, set, {}).empty());
  CHECK(shop.run(set) == Exit::ok);
  CHECK(shop.cluster.journal.empty());
}

TEST_CASE("guard: a release that is alone changes what it shares") {
  Own shop;
  REQUIRE(shop.run(whole_set()) == Exit::ok);
  REQUIRE(shop.run(whole_set("20")) == Exit::ok);
  CHECK(shop.pods_of_quota() == "20");
}

TEST_CASE("guard: a value that other releases share is left, with a warning") {
  Own shop;
  REQUIRE(shop.run(whole_set()) == Exit::ok);
  shop.add_release("web");
  const deploy::Plan plan = deploy::make_plan(shop.cluster, whole_set("20"), {});
  REQUIRE(plan.warnings.size() == 1);
  CHECK(plan.warnings[0].object == "ResourceQuota/hello");
  CHECK(contains(plan.warnings[0].text, "stays as it is"));
  CHECK(plan.empty());
  CHECK(shop.run(whole_set("20")) == Exit::ok);
  CHECK(shop.pods_of_quota() == "10");
}

TEST_CASE("guard: the undeploy of the last release removes what they share, and the namespace") {
  Own shop;
  REQUIRE(shop.run(whole_set()) == Exit::ok);
  shop.add_release("web");
  shop.undeploy();
  CHECK(shop.cluster.api.find(kQuota));
  CHECK(shop.cluster.api.find(kPolicy));
  CHECK(shop.cluster.api.find(kNamespace));
  CHECK_FALSE(shop.cluster.api.find(kDeployment));

  Own alone;
  REQUIRE(alone.run(whole_set()) == Exit::ok);
  alone.undeploy();
  CHECK_FALSE(alone.cluster.api.find(kQuota));
  CHECK_FALSE(alone.cluster.api.find(kPolicy));
  CHECK_FALSE(alone.cluster.api.find(kNamespace));
}

TEST_CASE("guard: a namespace that hello did not make is used, not changed") {
  Guarded shop; // it has namespace shop
  REQUIRE(shop.run(whole_set()) == Exit::ok);
  CHECK(shop.mark(kNamespace).empty());
  CHECK_FALSE(shop.cluster.api.find(kNamespace)->at("metadata").find("labels"));
  CHECK_FALSE(shop.cluster.api.find(kPolicy));
  const auto notes = shop.seen.all<event::Note>();
  REQUIRE(notes.size() == 1);
  CHECK(contains(notes[0].text, "namespace.create: false"));
  CHECK(contains(notes[0].text, "--adopt Namespace/shop"));
  shop.undeploy();
  CHECK(shop.cluster.api.find(kNamespace));

  Guarded other;
  other.options.adopt = {"Namespace/shop"};
  REQUIRE(other.run(whole_set()) == Exit::ok);
  CHECK(other.mark(kNamespace) == "shop/");
  CHECK(other.cluster.api.find(kPolicy));
}

TEST_CASE("guard: a namespace that hello made says which releases use it") {
  Own shop;
  REQUIRE(shop.run(whole_set()) == Exit::ok);
  const auto used_by = [&](const std::string &name) {
    return shop.cluster.api.find(kNamespace)
        ->text("metadata", "annotations", "hello/used-by." + name);
  };
  CHECK(used_by("hello") == "true");
  shop.cluster.api.update(kNamespace, "", [](json::Value &ns) {
    ns["metadata"]["annotations"]["hello/used-by.web"] = json::string("true");
  });
  shop.undeploy();
  REQUIRE(shop.cluster.api.find(kNamespace));
  CHECK(used_by("hello").empty());
  CHECK(used_by("web") == "true");
}

TEST_CASE("guard: an undeploy sees a release that begins to use the namespace meanwhile") {
  Own shop;
  REQUIRE(shop.run(whole_set()) == Exit::ok);
  const deploy::Removal removal = deploy::plan_removal(shop.cluster);
  REQUIRE(removal.namespaces.size() == 1);
  shop.cluster.before_next(
      Operation::remove,
      [&] {
        shop.cluster.api.update(kNamespace, "", [](json::Value &ns) {
          ns["metadata"]["annotations"]["hello/used-by.web"] = json::string("true");
        });
      },
      "Namespace/shop");
  deploy::undeploy(shop.cluster, removal, shop.cluster.now() + 60s, shop.seen.listener);
  CHECK(shop.cluster.api.find(kNamespace));
  CHECK(shop.warned("Namespace/shop", "release web"));
}

TEST_CASE("guard: where the sign cannot be written, one warning says so, and the deploy goes on") {
  Own shop;
  shop.cluster.fail_always(Operation::patch, failure(Trouble::forbidden), "Namespace/shop");
  CHECK(shop.run(whole_set()) == Exit::ok);
  CHECK(shop.warned("Namespace/shop", "cannot see that this one uses the namespace"));
}

TEST_CASE("guard: what is outside the namespace is removed only once the rollout is ready") {
  Guarded shop;
  REQUIRE(shop.run(with(hello_set(), kRoleYaml)) == Exit::ok);
  CHECK(shop.mark(kRole) == "shop/hello");
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == event::Failed::Left::rolled_back);
  CHECK(shop.cluster.times("remove ClusterRole/reader") == 0);
  CHECK(shop.cluster.times("apply ClusterRole/reader") == 0);
  REQUIRE(shop.cluster.api.find(kRole));
  CHECK(shop.run(hello_set("hello:3")) == Exit::ok);
  CHECK_FALSE(shop.cluster.api.find(kRole));
}

TEST_CASE("guard: the way back by the history applies nothing outside that the failed set lacks") {
  Guarded shop;
  REQUIRE(shop.run(with(hello_set(), kRoleYaml)) == Exit::ok);
  shop.cluster.api.erase(kRole);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  shop.options.rollback = false;
  REQUIRE(shop.run(hello_set("hello:2")) == Exit::rollout); // so the history leads back
  shop.options.rollback = true;
  shop.controller.statuses["hello:3"] = pod_status::waiting("InvalidImageName");
  CHECK(shop.run(hello_set("hello:3")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == event::Failed::Left::rolled_back);
  CHECK(shop.live_image() == "hello:1");
  CHECK_FALSE(shop.cluster.api.find(kRole));
}

TEST_CASE("guard: without a history entry, a set that only the history can find again is refused") {
  const std::string secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\n";
  for (const std::string &more : {secret, kRoleYaml}) {
    Guarded shop;
    shop.cluster.fail_always(Operation::create, failure(Trouble::forbidden),
                             "ControllerRevision/hello-release-1");
    const Error error = shop.run_fails(with(hello_set(), more));
    CHECK(error.code() == Exit::cluster);
    CHECK(contains(error.what(), "nothing was applied"));
    CHECK(shop.cluster.times("apply") == 0);
  }
}

TEST_CASE("guard: what stays of earlier revisions is on record until it is gone") {
  Guarded shop;
  const std::string kept =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, namespace: shop, "
      "annotations: {hello/keep: 'true'}}\ndata: {a: b}\n";
  const kube::Id id{"v1", "ConfigMap", "shop", "kept"};
  REQUIRE(shop.run(with(hello_set(), kept)) == Exit::ok);
  for (int i = 2; i < 5; ++i) {
    REQUIRE(shop.run(hello_set("hello:" + std::to_string(i))) == Exit::ok);
    CHECK(shop.warned("ConfigMap/kept", "kubectl --context lab --namespace shop delete configmap"));
    const auto newest = release::read_history(shop.cluster).take("", {}).front();
    CHECK(newest.carried == std::vector<kube::Id>{id});
  }
  shop.cluster.api.erase(id);
  REQUIRE(shop.run(hello_set("hello:5")) == Exit::ok);
  CHECK(release::read_history(shop.cluster).take("", {}).front().carried.empty());
}

TEST_CASE("guard: what a finalizer holds is on record until it is gone, and is not removed again") {
  Guarded shop;
  REQUIRE(shop.run(with(hello_set(), kRoleYaml)) == Exit::ok);
  shop.cluster.api.update(kRole, "", [](json::Value &role) {
    role["metadata"]["finalizers"].push(json::string("example.com/hold"));
  });
  for (int i = 2; i < 5; ++i) {
    const bool removes = i == 2; // a removal that has not happened is not reported as one
    CHECK(shop.run(hello_set("hello:" + std::to_string(i))) ==
          (removes ? Exit::rollout : Exit::ok));
    CHECK(shop.cluster.times("remove ClusterRole/reader") == removes);
    CHECK(shop.warned("ClusterRole/reader", "being removed, held by finalizer example.com/hold") ==
          removes);
    CHECK(shop.seen.count<event::Removed>() == 0);
    CHECK(shop.state_of_entry(i) == "ready");
    CHECK(release::read_history(shop.cluster).take("", {}).front().carried ==
          std::vector<kube::Id>{kRole});
  }
  REQUIRE(shop.run(hello_set("hello:4")) == Exit::ok);
  CHECK(shop.cluster.journal.empty()); // nothing to do
  shop.cluster.api.erase(kRole);
  REQUIRE(shop.run(hello_set("hello:5")) == Exit::ok);
  CHECK(release::read_history(shop.cluster).take("", {}).front().carried.empty());
}

TEST_CASE("guard: of two namespaces whose histories list an object, the first to upgrade gets it") {
  Guarded shop;
  const release::Set role = set_of(kRoleYaml);
  REQUIRE(shop.cluster.apply(role, {.manager = "hello"})); // as 0.1.0 did, without a mark
  shop.cluster.api.put(object("{apiVersion: v1, kind: Namespace, metadata: {name: stall}}"));
  for (const char *ns : {"shop", "stall"})
    shop.cluster.api.put(object(
        "{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: hello-release-1, "
        "namespace: " +
        std::string(ns) +
        ", labels: {app.kubernetes.io/managed-by: hello, app.kubernetes.io/component: release, "
        "hello/state: ready}, annotations: {hello/digest: d, hello/objects: "
        "'rbac.authorization.k8s.io/v1 ClusterRole /reader'}}, revision: 1}"));
  shop.cluster.set_namespace("stall");
  CHECK(deploy::make_plan(shop.cluster, role, {}).foreign.empty()); // it could be first
  shop.cluster.set_namespace("shop");
  REQUIRE(shop.run(with(hello_set(), kRoleYaml)) == Exit::ok);
  CHECK(shop.mark(kRole) == "shop/hello");
  shop.cluster.set_namespace("stall");
  const Error error = shop.run_fails(role);
  CHECK(error.code() == Exit::cluster);
  CHECK(contains(error.what(), "shop/hello"));
  CHECK(contains(error.words(), "--adopt ClusterRole.rbac.authorization.k8s.io/reader"));
  CHECK(shop.mark(kRole) == "shop/hello");
}

TEST_CASE(
    "guard: kubectl rollout restart during the wait changes nothing of hello's, and goes on") {
  Guarded shop;
  shop.controller.delay = 3s;
  shop.cluster.after(2s, [&] {
    shop.cluster.api.update(kDeployment, "kubectl-rollout", [](json::Value &live) {
      live["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
          json::string("now");
    });
    shop.cluster.after(3s, [&] { shop.controller.roll_out(); });
  });
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.state_of_entry(1) == "ready");
  const auto *note = shop.seen.last<event::Note>();
  REQUIRE(note);
  CHECK(contains(note->text, "kubectl-rollout restarted the rollout"));
}

TEST_CASE("guard: a change of a field of hello's during the wait ends it, and names who and what") {
  Guarded shop;
  shop.controller.delay = 3s;
  shop.cluster.after(2s, [&] {
    shop.cluster.api.update(kDeployment, "kubectl-set", [](json::Value &live) {
      live["spec"]["template"]["spec"] = object("{containers: [{name: hello, image: theirs}]}");
    });
  });
  CHECK(shop.run(hello_set()) == Exit::rollout);
  const auto *end = shop.seen.last<event::Superseded>();
  REQUIRE(end);
  CHECK(end->manager == "kubectl-set");
  CHECK(end->field == "spec.template.spec.containers[hello].image");
  CHECK(shop.state_of_entry(1) == "superseded");
  CHECK(shop.live_image() == "theirs"); // no way back
}

TEST_CASE("guard: the newest ten that were ready are kept, and the newest ten others") {
  std::vector<release::Release> all(30);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].revision = static_cast<int>(30 - i);
    all[i].state = i % 3 == 2 ? release::State::ready : release::State::failed;
  }
  std::vector<int> gone;
  for (const release::Release &one : release::surplus(all)) gone.push_back(one.revision);
  CHECK(gone.size() == 10); // of 20 that failed; 10 were ready
  CHECK(gone.front() == 15);
}

TEST_CASE("guard: a rollback asks for what is outside the namespace unless it runs already") {
  Guarded shop;
  const release::Set set = with(hello_set(), kRoleYaml);
  const auto asked = [&] {
    const auto history = release::read_history(shop.cluster).take("", {});
    return release::new_outside(shop.cluster, set, history);
  };
  REQUIRE(shop.run(set) == Exit::ok);
  REQUIRE(shop.run(with(hello_set("hello:2"), kRoleYaml)) == Exit::ok);
  CHECK(asked().empty());
  shop.cluster.api.erase(kRole); // the history names it, but that proves nothing
  CHECK(asked() == std::vector{kRole});
  REQUIRE(shop.run(hello_set("hello:3")) == Exit::ok);
  CHECK(asked() == std::vector{kRole});
}

TEST_CASE("guard: the way back by the history changes no value outside the namespace") {
  const auto role = [](const std::string &verb) {
    return "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reader}\n"
           "rules: [{verbs: [" +
           verb + "]}]\n";
  };
  const auto enforce = [](release::Set set, const std::string &level) {
    if (!level.empty()) in(set, "Namespace")["metadata"]["labels"]["enforce"] = json::string(level);
    return set;
  };
  for (const std::string last : {"get", "list"}) { // the forged values, or others
    CAPTURE(last);
    Own shop;
    REQUIRE(shop.run(enforce(with(whole_set(), role("forged")), "")) == Exit::ok);
    shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
    release::Set failing = hello_set("hello:2"),
                 set = enforce(with(whole_set(), role("get")), "restricted");
    in(set, "Deployment") = in(failing, "Deployment");
    shop.options.rollback = false;
    REQUIRE(shop.run(set) == Exit::rollout); // so the history leads back
    shop.options.rollback = true;
    set = enforce(with(whole_set(), role(last)), "restricted");
    in(set, "Deployment") = in(failing, "Deployment");
    in(set, "ConfigMap")["data"]["more"] = json::string("x");
    CHECK(shop.run(set) == Exit::rollout);
    CHECK(shop.how_it_was_left() == event::Failed::Left::rolled_back);
    CHECK(shop.live_image() == "hello:1");
    CHECK(shop.cluster.api.find(kNamespace)->text("metadata", "labels", "enforce") == "restricted");
    CHECK(json::to_text(shop.cluster.api.find(kRole)->at("rules")) == R"([{"verbs":["get"]}])");
  }
}

TEST_CASE("guard: a rollback asks for other values of what is outside, and of the namespace") {
  Own shop;
  const release::Set set = with(whole_set(), kRoleYaml);
  const auto asked = [&](const release::Set &revision) {
    const auto history = release::read_history(shop.cluster).take("", {});
    return release::new_outside(shop.cluster, revision, history);
  };
  REQUIRE(shop.run(set) == Exit::ok);
  CHECK(asked(set).empty());
  release::Set other = set;
  in(other, "ClusterRole")["rules"].push(object("{verbs: ['*']}"));
  CHECK(asked(other) == std::vector{kRole});
  other = set;
  in(other, "Namespace")["metadata"]["labels"] = json::Value();
  CHECK(asked(other) == std::vector{kNamespace});

  Guarded used; // a namespace that hello did not make stays as it is, so there is nothing to ask
  REQUIRE(used.run(whole_set()) == Exit::ok);
  CHECK(release::new_outside(used.cluster, whole_set(), {}).empty());
}

TEST_CASE("guard: a Job that ran and an account that pods need stay on record") {
  using State = release::Ownership::State;
  deploy::Plan plan;
  for (const State state : {State::keep, State::data, State::secret, State::unreadable, State::ran,
                            State::needed, State::applied_too, State::in_use, State::not_held,
                            State::other_release, State::only_marked, State::unmarked})
    plan.kept.push_back(
        {{"v1", "ConfigMap", "shop", std::to_string(plan.kept.size())}, {}, {state, "x"}});
  CHECK(deploy::carried(plan).size() == 8); // the last four are not the release's
}

TEST_CASE("guard: a shared value that one release alone sets may be changed by it") {
  Own shop;
  REQUIRE(shop.run(whole_set()) == Exit::ok);
  const auto add = [&](const release::Set &set) {
    release::Release web;
    web.release = "web";
    web.revision = 1;
    web.state = release::State::ready;
    web.digest = release::digest_of(set);
    web.objects = {kConfigMap};
    const kube::Id entry{"apps/v1", "ControllerRevision", "shop", "web-release-1"};
    shop.cluster.api.erase(entry);
    REQUIRE(shop.cluster.create(entry, release::entry_of(web, set, "shop"), "hello-web", {}));
  };
  add(hello_set("hello:1", "web")); // without a quota
  REQUIRE(shop.run(whole_set("20")) == Exit::ok);
  CHECK(shop.pods_of_quota() == "20");
  add(whole_set("20"));
  REQUIRE(shop.run(whole_set("30")) == Exit::ok);
  CHECK(shop.pods_of_quota() == "20");
  CHECK(deploy::make_plan(shop.cluster, whole_set("30"), {}).warnings.size() == 1);
  release::Set theirs = whole_set("20"); // it has the quota, but not this value
  in(theirs, "ResourceQuota")["spec"]["hard"] = object("{services: '5'}");
  add(theirs);
  release::Set both = whole_set("30");
  in(both, "ResourceQuota")["spec"]["hard"]["services"] = json::string("5");
  REQUIRE(shop.run(both) == Exit::ok);
  CHECK(shop.pods_of_quota() == "30");
}

TEST_CASE("guard: the shared policy stays while the namespace says that another release uses it") {
  Own shop;
  REQUIRE(shop.run(whole_set()) == Exit::ok);
  shop.cluster.api.update(kNamespace, "", [](json::Value &ns) { // by one without a history yet
    ns["metadata"]["annotations"]["hello/used-by.web"] = json::string("true");
  });
  shop.undeploy();
  CHECK_FALSE(shop.cluster.api.find(kDeployment));
  CHECK(shop.cluster.api.find(kPolicy));
  CHECK(shop.cluster.api.find(kQuota));
  shop.cluster.api.update(kNamespace, "", [](json::Value &ns) {
    ns["metadata"]["annotations"].erase("hello/used-by.web");
  });
  shop.undeploy();
  CHECK_FALSE(shop.cluster.api.find(kPolicy));
  CHECK_FALSE(shop.cluster.api.find(kNamespace));
}

TEST_CASE("guard: a deploy that ends before it applies anything takes its sign back") {
  const kube::Id lease{"coordination.k8s.io/v1", "Lease", "shop", "web-release"};
  Own shop;
  REQUIRE(shop.run(whole_set()) == Exit::ok);
  shop.cluster.set_release("web");
  const auto used_by_web = [&] {
    return !shop.cluster.api.find(kNamespace)
                ->text("metadata", "annotations", "hello/used-by.web")
                .empty();
  };
  const auto hold = [&] {
    shop.cluster.api.put(object("{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: "
                                "{name: web-release, namespace: shop}}"));
    shop.cluster.after(1s, [&] {
      CHECK(used_by_web());
      shop.cluster.api.update(lease, "", [](json::Value &value) {
        value["spec"]["renewTime"] = json::string("later");
      });
    });
  };
  hold();
  CHECK(shop.run_fails(hello_set("hello:1", "web")).code() == Exit::cluster);
  CHECK_FALSE(used_by_web());
  shop.cluster.api.erase(lease);
  shop.cluster.fail_next(Operation::create, failure(Trouble::forbidden),
                         "ControllerRevision/web-release-1");
  shop.run_fails(with(hello_set("hello:1", "web"), kRoleYaml)); // must be in the history
  CHECK_FALSE(used_by_web());

  shop.cluster.before_next( // an undeploy takes it back just before the lock is free
      Operation::create,
      [&] {
        shop.cluster.api.update(kNamespace, "", [](json::Value &ns) {
          ns["metadata"]["annotations"].erase("hello/used-by.web");
        });
      },
      "Lease/web-release");
  FakeController controller(shop.cluster, "web");
  CHECK(shop.run(hello_set("hello:1", "web")) == Exit::ok);
  CHECK(used_by_web());
}

TEST_CASE("guard: an undeploy of nothing takes back the sign of a deploy that was killed") {
  Own shop;
  REQUIRE(shop.run(whole_set()) == Exit::ok);
  shop.cluster.set_release("web");
  shop.cluster.api.update(kNamespace, "", [](json::Value &ns) {
    ns["metadata"]["annotations"]["hello/used-by.web"] = json::string("true");
  });
  const deploy::Removal removal = deploy::plan_removal(shop.cluster);
  CHECK(removal.empty());
  CHECK(removal.noted);
  shop.undeploy();
  CHECK(shop.cluster.api.find(kNamespace)
            ->text("metadata", "annotations", "hello/used-by.web")
            .empty());
  CHECK(shop.cluster.api.find(kDeployment));
}
