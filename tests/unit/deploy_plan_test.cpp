#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using Action = deploy::Item::Action;
using kube::Trouble;

namespace {

Action action_on(const deploy::Plan &plan, const kube::Id &id) {
  for (const deploy::Item &item : plan.items)
    if (item.id == id) return item.action;
  FAIL("the plan does not have " << id.text());
  return Action::same;
}

/// "spec.replicas: 2 -> 5" of each change.
std::vector<std::string> changes_of(const deploy::Plan &plan, const kube::Id &id) {
  std::vector<std::string> changes;
  for (const deploy::Item &item : plan.items)
    if (item.id == id)
      for (const kube::Change &one : item.changes)
        changes.push_back(one.path + ": " + one.before + " -> " + one.after);
  return changes;
}

struct Planned : Shop {
  deploy::Plan plan(const release::Set &set) { return deploy::make_plan(cluster, set, options); }

  Error plan_fails(const release::Set &set, const deploy::Listener *emit = nullptr) {
    try {
      deploy::make_plan(cluster, set, options, emit);
    } catch (const Error &error) {
      return error;
    }
    FAIL("the plan did not throw");
    return Error(Exit::ok, "");
  }

  /// Another manager sets the message.
  void others_message(const std::string &message) {
    cluster.api.update(kConfigMap, "kubectl-edit",
                       [&](json::Value &map) { map["data"]["MESSAGES"] = json::string(message); });
  }
};

} // namespace

TEST_CASE("plan: a set that is not there is new, object by object, in apply order") {
  Planned shop;
  const deploy::Plan plan = shop.plan(hello_set());
  REQUIRE(plan.items.size() == 3);
  CHECK(plan.items[0].id == kConfigMap);
  CHECK(plan.items[1].id == kService);
  CHECK(plan.items[2].id == kDeployment);
  for (const deploy::Item &item : plan.items) CHECK(item.action == Action::create);
  CHECK(plan.checked);
  CHECK_FALSE(plan.empty());
  CHECK(plan.summary() == "3 new");
  CHECK(shop.cluster.journal.empty()); // a plan writes nothing
}

TEST_CASE("plan: a changed field is named with its values, and the rest stays") {
  Planned shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  const deploy::Plan plan = shop.plan(hello_set("hello:2"));
  CHECK(action_on(plan, kDeployment) == Action::change);
  CHECK(changes_of(plan, kDeployment) ==
        std::vector<std::string>{
            "spec.template.spec.containers[hello].image: \"hello:1\" -> \"hello:2\""});
  CHECK(action_on(plan, kConfigMap) == Action::same);
  CHECK(plan.summary() == "1 changed, 2 unchanged");
  REQUIRE(plan.history.size() == 1);
  CHECK(plan.history[0].revision == 1);
  CHECK(plan.before(kDeployment).present());
  CHECK(plan.before(kAutoscaler).state == kube::Live::State::absent);
}

TEST_CASE("plan: an unchanged set is empty") {
  Planned shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  const deploy::Plan plan = shop.plan(hello_set());
  CHECK(plan.empty());
  CHECK(plan.summary() == "3 unchanged");
}

TEST_CASE("plan: equal values that hello does not hold are taken up") {
  Planned shop;
  release::Set set = hello_set();
  json::Value map = in(set, "ConfigMap");
  map["metadata"]["annotations"][release::kMark] = json::string("shop/hello");
  shop.cluster.api.put(std::move(map));
  const deploy::Plan plan = shop.plan(set);
  CHECK(action_on(plan, kConfigMap) == Action::adopt);
  CHECK(plan.summary() == "2 new, 1 changed");
}

TEST_CASE("plan: a conflict names object, field, manager and both values") {
  Planned shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.others_message("theirs");
  const Error error = shop.plan_fails(hello_set());
  CHECK(error.code() == Exit::cluster);
  CHECK(std::string(error.what()) ==
        "other managers own fields that these manifests would change:\n"
        "ConfigMap/m\n"
        "  .data.MESSAGES is held by \"kubectl-edit\": \"theirs\" there, \"hi\" here");
  CHECK(error.hint().find("--force-conflicts") != std::string::npos);
  shop.options.force_conflicts = true;
  CHECK(changes_of(shop.plan(hello_set()), kConfigMap) ==
        std::vector<std::string>{"data.MESSAGES: \"theirs\" -> \"hi\""});
}

TEST_CASE("plan: conflicts of several objects are distinguished by their values") {
  Planned shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.others_message("theirs");
  shop.cluster.api.update(kDeployment, "kubectl-scale", [](json::Value &deployment) {
    deployment["spec"]["replicas"] = json::integer(7);
  });
  const std::string words = shop.plan_fails(hello_set("hello:1")).what();
  CHECK(words.find("ConfigMap/m\n  .data.MESSAGES is held by \"kubectl-edit\"") !=
        std::string::npos);
  CHECK(words.find("Deployment/hello\n  .spec.replicas is held by \"kubectl-scale\": 7 there, 2 "
                   "here") != std::string::npos);
}

TEST_CASE(
    "plan: a conflict is about the object whose value differs, among several with the field") {
  Planned shop;
  release::Set set = hello_set();
  for (const char *name : {"other", "same", "meant"})
    for (kube::Object &one : set_of("{apiVersion: v1, kind: ConfigMap, metadata: {name: " +
                                    std::string(name) + ", namespace: shop}, data: {A: a, K: k}}"))
      set.push_back(one);
  set[3].value["data"].erase("K");
  REQUIRE(shop.run(set) == Exit::ok);
  const auto edit = [&](const std::string &name, const std::string &key) {
    shop.cluster.api.update({"v1", "ConfigMap", "shop", name}, "kubectl-edit",
                            [&](json::Value &map) { map["data"][key] = json::string("theirs"); });
  };
  edit("other", "K"); // where the set does not have it
  edit("same", "B");
  edit("meant", "K");
  CHECK(std::string(shop.plan_fails(set).what()).find("\nConfigMap/meant\n  .data.K") !=
        std::string::npos);
}

TEST_CASE("plan: a conflict that fits no object is reported without one") {
  Planned shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  kube::Failure conflict = failure(Trouble::conflict);
  conflict.conflicts = {{{".data.NONE", "argocd"}}};
  shop.cluster.fail_next(Operation::dry_run, conflict);
  CHECK(std::string(shop.plan_fails(hello_set("hello:2")).what()) ==
        "other managers own fields that these manifests would change:\n"
        "  .data.NONE is held by \"argocd\"");
}

TEST_CASE("plan: a refusal or an unreachable cluster ends it with exit code 4") {
  for (const Trouble trouble : {Trouble::forbidden, Trouble::invalid, Trouble::unreachable,
                                Trouble::unauthorized, Trouble::timed_out, Trouble::immutable}) {
    CAPTURE(static_cast<int>(trouble));
    Planned shop;
    shop.cluster.fail_next(Operation::dry_run, failure(trouble, "the server's words"));
    CHECK(shop.plan_fails(hello_set()).code() == Exit::cluster);
  }
}

TEST_CASE("plan: what a webhook denies is named, a line for each object") {
  Shop shop;
  const auto denied = failure(Trouble::forbidden, "admission webhook \"w\" denied the request: no");
  shop.cluster.fail_always(Operation::dry_run, denied, "ConfigMap/m");
  shop.cluster.fail_always(Operation::dry_run, denied, "Service/hello");
  const Error error = shop.run_fails(hello_set());
  const std::string what = error.what();
  for (const char *name :
       {"\nConfigMap/m: admission webhook", "\nService/hello: admission webhook"})
    CHECK(what.find(name) != what.npos);
  CHECK(what.find("Deployment/hello") == what.npos);
}

TEST_CASE("plan: an object that may not be read ends it") {
  Planned shop;
  shop.cluster.fail_always(Operation::read, failure(Trouble::forbidden), "Service/hello");
  CHECK(shop.plan_fails(hello_set()).code() == Exit::cluster);
}

TEST_CASE("plan: a namespace that may not be read is taken as it is") {
  Planned shop;
  release::Set set = set_of("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  for (kube::Object &object : hello_set()) set.push_back(object);
  shop.cluster.fail_always(Operation::read, failure(Trouble::forbidden), "Namespace/shop");
  CHECK(action_on(shop.plan(set), kNamespace) == Action::same);
}

TEST_CASE("plan: in a namespace that the set makes, all is new and unchecked") {
  Planned shop;
  shop.cluster.api.erase(kNamespace);
  release::Set set = set_of("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  for (kube::Object &object : hello_set()) set.push_back(object);
  const deploy::Plan plan = shop.plan(set);
  CHECK_FALSE(plan.checked);
  CHECK(plan.summary() == "4 new");
  CHECK_FALSE(plan.empty());
}

TEST_CASE("plan: a namespace that is missing and not in the set ends it") {
  Planned shop;
  shop.cluster.api.erase(kNamespace);
  CHECK(shop.plan_fails(hello_set()).code() == Exit::cluster);
}

TEST_CASE("plan: a refusal in a namespace to be made is not taken for the missing namespace") {
  Planned shop;
  shop.cluster.api.erase(kNamespace);
  release::Set set = set_of("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  shop.cluster.fail_next(Operation::dry_run, failure(Trouble::forbidden));
  CHECK(shop.plan_fails(set).code() == Exit::cluster);
}

TEST_CASE("plan: an object that is being removed is waited for, with one note") {
  Planned shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.cluster.api.update(kService, "", [](json::Value &service) {
    service["metadata"]["finalizers"].push(json::string("example.org/hold"));
  });
  REQUIRE(shop.cluster.api.remove(kService, {}));
  shop.cluster.after(5s, [&] { shop.cluster.api.erase(kService); });
  Recording seen;
  const deploy::Plan plan =
      deploy::make_plan(shop.cluster, hello_set(), shop.options, &seen.listener);
  CHECK(action_on(plan, kService) == Action::create);
  REQUIRE(seen.count<event::Note>() == 1);
  CHECK(seen.last<event::Note>()->text == "waiting until it is gone: Service/hello");
}

TEST_CASE("plan: an object that is being removed ends a plan that must not wait") {
  Planned shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.cluster.api.update(kNamespace, "", [](json::Value &ns) {
    ns["metadata"]["deletionTimestamp"] = json::string("2026-11-23T04:00:00Z");
  });
  release::Set set = set_of("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  for (kube::Object &object : hello_set()) set.push_back(object);
  const auto before = shop.cluster.elapsed();
  CHECK(std::string(shop.plan_fails(set).what()) == "is being removed: Namespace/shop");
  CHECK(shop.cluster.elapsed() == before);
}

TEST_CASE("plan: an object that is never gone ends it at the time limit") {
  Planned shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.cluster.api.update(kService, "", [](json::Value &service) {
    service["metadata"]["deletionTimestamp"] = json::string("2026-11-23T04:00:00Z");
  });
  shop.options.timeout = 20s;
  const auto before = shop.cluster.elapsed();
  CHECK(shop.plan_fails(hello_set(), &shop.seen.listener).code() == Exit::cluster);
  CHECK(shop.cluster.elapsed() - before >= 20s);
  CHECK(shop.cluster.elapsed() - before < 25s);
}

TEST_CASE("plan: what the set no longer has is removed, first of all") {
  Planned shop;
  REQUIRE(shop.run(autoscaled(hello_set())) == Exit::ok);
  release::Set less = hello_set();
  less.pop_back(); // the Service
  const deploy::Plan plan = shop.plan(less);
  REQUIRE(plan.items.size() == 4);
  CHECK(plan.items[0].action == Action::remove);
  CHECK(plan.items[1].action == Action::remove);
  CHECK(action_on(plan, kService) == Action::remove);
  CHECK(action_on(plan, kAutoscaler) == Action::remove);
  CHECK(plan.before(kService).present());
  CHECK(plan.kept.empty());
}

TEST_CASE("plan: what another manager has come to apply is kept, and why") {
  Planned shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  REQUIRE(shop.cluster.api.apply({kService, object("{metadata: {labels: {team: a}}}")}, "argocd",
                                 false));
  release::Set less = hello_set();
  less.pop_back();
  const deploy::Plan plan = shop.plan(less);
  REQUIRE(plan.kept.size() == 1);
  CHECK(plan.kept[0].id == kService);
  CHECK(plan.kept[0].ownership.state == release::Ownership::State::applied_too);
  CHECK(plan.kept[0].ownership.who == "argocd");
  CHECK(plan.empty());
}

TEST_CASE("plan: without history, nothing is looked for") {
  Planned shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.options.history = false;
  release::Set less = hello_set();
  less.pop_back();
  const deploy::Plan plan = shop.plan(less);
  CHECK(plan.history.empty());
  CHECK(plan.items.size() == 2);
}

TEST_CASE("plan: a history that may not be read is lost, and the plan is made") {
  Planned shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.cluster.fail_always(Operation::list, failure(Trouble::forbidden), "ControllerRevision");
  const deploy::Plan plan = shop.plan(hello_set("hello:2"));
  CHECK(plan.history.empty());
  CHECK(action_on(plan, kDeployment) == Action::change);
}

TEST_CASE("plan: replicas that pass to an autoscaler are kept, and are no change") {
  Planned shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  const deploy::Plan plan = shop.plan(autoscaled(hello_set()));
  CHECK(plan.keep_replicas);
  CHECK_FALSE(plan.take_replicas);
  CHECK(action_on(plan, kDeployment) == Action::same);
  CHECK_FALSE(plan.empty());
}

TEST_CASE("plan: replicas that another manager holds too need no hand-over") {
  Planned shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  REQUIRE(shop.cluster.api.apply({kDeployment, object("{spec: {replicas: 2}}")}, "argocd", false));
  CHECK_FALSE(shop.plan(autoscaled(hello_set())).keep_replicas);
}

TEST_CASE("plan: an autoscaler's count stays when the autoscaler goes") {
  Planned shop;
  REQUIRE(shop.run(autoscaled(hello_set())) == Exit::ok);
  shop.scale(6);
  const deploy::Plan plan = shop.plan(hello_set());
  CHECK_FALSE(plan.take_replicas);
  CHECK(changes_of(plan, kDeployment).empty());
  CHECK(action_on(plan, kDeployment) == Action::adopt);
}

TEST_CASE("plan: a number that the user chose takes the place of an autoscaler's count") {
  Planned shop;
  REQUIRE(shop.run(autoscaled(hello_set())) == Exit::ok);
  shop.scale(6);
  shop.options.keep_autoscaled = false;
  const deploy::Plan plan = shop.plan(hello_set());
  REQUIRE(plan.take_replicas);
  CHECK(*plan.take_replicas == 2);
  CHECK(changes_of(plan, kDeployment) == std::vector<std::string>{"spec.replicas: 6 -> 2"});
}

TEST_CASE("plan: a count that neither autoscaler nor hand-over holds is not kept") {
  Planned shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  release::Set more = hello_set();
  in(more, "Deployment")["spec"]["replicas"] = json::integer(4);
  CHECK(changes_of(shop.plan(more), kDeployment) ==
        std::vector<std::string>{"spec.replicas: 2 -> 4"});
}

TEST_CASE("plan: the count that hello handed over stays, though no autoscaler has scaled yet") {
  Planned shop;
  REQUIRE(shop.run(autoscaled(hello_set())) == Exit::ok);
  REQUIRE(shop.live_replicas() == 3);
  CHECK(changes_of(shop.plan(hello_set()), kDeployment).empty());
}

TEST_CASE("plan: an account that the set no longer has stays while its pods run as it") {
  const auto running_as = [](const std::string &account) {
    release::Set set = hello_set();
    in(set, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"] = json::string(account);
    return set;
  };
  release::Set own = running_as("runner");
  for (kube::Object &object :
       set_of("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: runner, namespace: shop, "
              "labels: "
              "{app.kubernetes.io/managed-by: hello, app.kubernetes.io/instance: hello}}"))
    own.push_back(std::move(object));
  const kube::Id account{"v1", "ServiceAccount", "shop", "runner"};
  Shop shop;
  REQUIRE(shop.run(own) == Exit::ok);
  CHECK(shop.run(running_as("runner")) == Exit::ok);
  CHECK(shop.cluster.api.find(account));
  CHECK(shop.warned("ServiceAccount/runner", "pods of the set run as it"));
  CHECK(shop.run(running_as("another")) == Exit::ok);
  CHECK_FALSE(shop.cluster.api.find(account));
}

TEST_CASE("plan: a field that the set gives up and someone else keeps is shown as given up") {
  Planned shop;
  release::Set set = hello_set();
  in(set, "ConfigMap")["data"]["more"] = json::string("x");
  REQUIRE(shop.run(set) == Exit::ok);
  json::Value theirs = object("{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: "
                              "shop}, data: {more: x}}");
  REQUIRE(shop.cluster.api.apply({kConfigMap, theirs}, "argocd", false));
  const deploy::Plan plan = shop.plan(hello_set());
  CHECK(action_on(plan, kConfigMap) == Action::change);
  CHECK(changes_of(plan, kConfigMap) == std::vector<std::string>{"data.more: \"x\" -> \"x\""});
  for (const deploy::Item &item : plan.items)
    for (const kube::Change &one : item.changes) CHECK(one.given_up);
}

TEST_CASE("plan: a field that goes with the set's is a change, not given up") {
  Planned shop;
  release::Set set = hello_set();
  in(set, "ConfigMap")["data"]["more"] = json::string("x");
  REQUIRE(shop.run(set) == Exit::ok);
  CHECK(changes_of(shop.plan(hello_set()), kConfigMap) ==
        std::vector<std::string>{"data.more: \"x\" -> "});
}
