#include "deploy/anything.h"
#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using Action = deploy::Item::Action;
using kube::Trouble;

namespace {

const kube::Id kCrd{"apiextensions.k8s.io/v1", "CustomResourceDefinition", "",
                    "gizmos.example.org"};
const kube::Id kJob{"batch/v1", "Job", "shop", "migrate"};
const std::string kCrdYaml = R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gizmos.example.org}
spec: {group: example.org, names: {kind: Gizmo, plural: gizmos}, versions: [{name: v1}]}
)";
const std::string kGizmoYaml = R"(---
apiVersion: example.org/v1
kind: Gizmo
metadata: {name: g, namespace: shop, annotations: {hello/wait: "false"}}
)";
const std::string kJobYaml = R"(
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: shop, annotations: {hello/wait: "false"}}
spec: {ttlSecondsAfterFinished: 60, template: {spec: {containers: [{name: m, image: m}]}}}
)";

release::Set with(const std::string &yaml, const std::string &image = "hello:1") {
  release::Set set = hello_set(image);
  for (const kube::Object &object : set_of(yaml)) set.push_back(object);
  return set;
}

bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != text.npos;
}

struct Any : Shop {
  deploy::Plan plan(const release::Set &set) { return deploy::make_plan(cluster, set, options); }
  void establish_soon() {
    cluster.after(2s, [this] {
      if (!cluster.api.find(kCrd)) return;
      cluster.api.update(kCrd, "", [](json::Value &crd) {
        crd["status"] = object("{conditions: [{type: Established, status: 'True'}]}");
      });
    });
  }
  /// The server refuses a change of the Service's address.
  void fix_service() {
    cluster.fail_always(Operation::dry_run,
                        failure(Trouble::immutable,
                                "The Service \"hello\" is invalid: "
                                "spec.clusterIPs[0]: Invalid value: [\"None\"]: "
                                "may not change once set"),
                        "Service/hello");
  }
};

} // namespace

TEST_CASE("anything: what a new definition defines is applied once that is established") {
  Any shop;
  const release::Set set = with(kCrdYaml + kGizmoYaml);
  const deploy::Plan plan = shop.plan(set);
  REQUIRE(plan.unchecked.size() == 1);
  CHECK(plan.unchecked.begin()->text() == "Gizmo/g");
  CHECK(plan.action(*plan.unchecked.begin()) == Action::create);
  shop.establish_soon();
  REQUIRE(shop.run(set) == Exit::ok);
  CHECK(shop.cluster.times("apply CustomResourceDefinition/gizmos.example.org as hello") == 1);
  CHECK(shop.cluster.elapsed() >= 2s);
  CHECK(shop.plan(set).empty());
}

TEST_CASE("anything: a refusal of what could be checked only then is a failed rollout") {
  Any shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.establish_soon();
  shop.cluster.fail_always(Operation::dry_run, failure(Trouble::invalid, "spec.a is no number"),
                           "Gizmo/g");
  CHECK(shop.run(with(kCrdYaml + kGizmoYaml, "hello:2")) == Exit::rollout);
  const auto *failing = shop.seen.last<event::Failing>();
  REQUIRE(failing);
  CHECK(failing->outcome.problems.at(0).object() == "Gizmo/g");
  CHECK(contains(failing->outcome.problems.at(0).evidence, "spec.a is no number"));
  CHECK(shop.live_image() == "hello:1");
  CHECK(shop.cluster.api.find(kCrd)); // a definition is never deleted
  CHECK(shop.state_of_entry(2) == "rolled-back");
}

TEST_CASE("anything: a pod of its own comes with its account, which a dry run does not make") {
  const std::string account = "---\napiVersion: v1\nkind: ServiceAccount\n"
                              "metadata: {name: worker, namespace: shop}\n",
                    pod = "---\napiVersion: v1\nkind: Pod\n"
                          "metadata: {name: p, namespace: shop, annotations: {hello/wait: "
                          "\"false\"}}\nspec: {serviceAccountName: worker}\n";
  Any shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  const deploy::Plan plan = shop.plan(with(account + pod));
  REQUIRE(plan.unchecked.size() == 1);
  CHECK(plan.action(*plan.unchecked.begin()) == Action::create);
  REQUIRE(shop.run(with(account + pod)) == Exit::ok);
  CHECK(shop.plan(with(account + pod)).empty());
  SUBCASE("an account that the set does not make is refused before anything is applied") {
    const std::string other = "---\napiVersion: v1\nkind: ServiceAccount\n"
                              "metadata: {name: other, namespace: shop}\n";
    Any without;
    CHECK(without.run_fails(with(pod + other)).code() == Exit::cluster);
  }
  SUBCASE("nor does the check of a new namespace ask for it") {
    Any fresh;
    fresh.cluster.api.erase(kNamespace);
    release::Set set = set_of("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
    for (const kube::Object &object : with(account + pod)) set.push_back(object);
    CHECK(fresh.run(set) == Exit::ok);
  }
}

TEST_CASE("anything: what needs a changed definition is checked once that is there") {
  Any shop;
  shop.establish_soon();
  const std::string old_crd = "apiVersion: apiextensions.k8s.io/v1\n"
                              "kind: CustomResourceDefinition\n"
                              "metadata: {name: gizmos.example.org}\n"
                              "spec: {group: example.org, names: {kind: Gizmo, plural: gizmos}, "
                              "versions: [{name: v1, served: true}]}\n";
  REQUIRE(shop.run(with(old_crd + kGizmoYaml)) == Exit::ok);
  release::Set set = with(old_crd + kGizmoYaml, "hello:2");
  in(set, "CustomResourceDefinition")["spec"]["versions"] =
      object("[{name: v1, served: true}, {name: v2, served: true}]");
  const auto refuse = [&](Trouble trouble) {
    shop.cluster.fail_always(Operation::dry_run, failure(trouble, "no"), "Gizmo/g");
  };
  const auto accept_later = [&] {
    shop.cluster.before_next(
        Operation::apply, [&] { shop.cluster.allow(Operation::dry_run); },
        "CustomResourceDefinition/gizmos.example.org");
  };
  SUBCASE("a new field") {
    refuse(Trouble::invalid);
    const deploy::Plan plan = shop.plan(set);
    REQUIRE(plan.unchecked.size() == 1);
    CHECK(plan.action(*plan.unchecked.begin()) == Action::change);
    CHECK(plan.action(kCrd) == Action::change);
    accept_later();
    CHECK(shop.run(set) == Exit::ok);
  }
  SUBCASE("a new version, under which the object is not found yet") {
    set.back().id.api_version = "example.org/v2";
    set.back().value["apiVersion"] = json::string("example.org/v2");
    refuse(Trouble::unknown_kind);
    const deploy::Plan plan = shop.plan(set);
    REQUIRE(plan.unchecked.size() == 1);
    CHECK(plan.action(*plan.unchecked.begin()) == Action::change);
    accept_later();
    CHECK(shop.run(set) == Exit::ok);
  }
  SUBCASE("a refusal then is a failed rollout, and the object stays") {
    refuse(Trouble::invalid);
    CHECK(shop.run(set) == Exit::rollout);
    CHECK(shop.cluster.api.find({"example.org/v1", "Gizmo", "shop", "g"}));
  }
  SUBCASE("where the definition stays as it is, a refusal is one of the plan") {
    refuse(Trouble::invalid);
    shop.run_fails(with(old_crd + kGizmoYaml, "hello:2"));
    CHECK(shop.live_image() == "hello:1");
  }
}

TEST_CASE("anything: a field that cannot change is one plain sentence before anything is applied") {
  Any shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.fix_service();
  const Error error = shop.run_fails(hello_set("hello:2"));
  CHECK(std::string(error.what()) == "the set would change immutable fields:\n"
                                     "Service/hello: spec.clusterIPs[0]");
  CHECK(contains(error.hint(), "hello/replace: \"true\""));
  CHECK(shop.cluster.journal.empty());
}

TEST_CASE("anything: fields that cannot change are named from all of kubectl's forms") {
  kube::Failure failure;
  failure.words =
      "The ConfigMap \"fixed\" is invalid: \n* immutable: Forbidden: no\n* data: Forbidden: no\n"
      "Error from server (Invalid): Deployment.apps \"one\" is invalid: spec.selector: "
      "Invalid value: {\"a\":\"b\"}: field is immutable";
  CHECK(std::string(deploy::immutable_error(failure).what()) ==
        "the set would change immutable fields:\nConfigMap/fixed: immutable\n"
        "ConfigMap/fixed: data\nDeployment/one: spec.selector");
}

TEST_CASE("anything: hello/replace removes the object and makes it anew") {
  Any shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  const std::string uid = shop.cluster.api.find(kService)->text("metadata", "uid");
  shop.fix_service();
  release::Set set = hello_set("hello:2");
  in(set, "Service")["metadata"]["annotations"]["hello/replace"] = json::string("true");
  const deploy::Plan plan = shop.plan(set);
  CHECK(plan.action(kService) == Action::replace);
  CHECK(contains(plan.warnings.at(0).text, "it gets a new address"));
  REQUIRE(shop.run(set) == Exit::ok);
  CHECK(shop.cluster.times("remove Service/hello") == 1);
  CHECK(shop.cluster.api.find(kService)->text("metadata", "uid") != uid);
}

TEST_CASE("anything: what is not only this release's is not replaced, nor what holds data") {
  Any shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  release::Set set = hello_set("hello:2");
  in(set, "Service")["metadata"]["annotations"]["hello/replace"] = json::string("true");
  REQUIRE(shop.cluster.api.apply(
      {kService, object("{apiVersion: v1, kind: Service, metadata: {name: hello, namespace: shop, "
                        "labels: {theirs: x}}}")},
      "argocd", false));
  shop.fix_service();
  const Error error = shop.run_fails(set);
  CHECK(contains(error.what(), "Service/hello cannot be replaced: \"argocd\" applies it too"));
  CHECK(shop.cluster.times("remove") == 0);

  Any claims;
  const release::Set claim =
      with("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c, namespace: shop, "
           "annotations: {hello/replace: 'true', hello/wait: 'false'}}\n");
  REQUIRE(claims.cluster.api.apply(claim.back(), "hello", false));
  claims.options.adopt = {"all"};
  CHECK(claims.run_fails(claim).code() == Exit::invalid);
}

TEST_CASE("anything: a Job that ran and went by its time to live is done while it is unchanged") {
  Any shop;
  REQUIRE(shop.run(with(kJobYaml)) == Exit::ok);
  shop.cluster.api.erase(kJob);
  CHECK(shop.plan(with(kJobYaml)).empty());
  release::Set changed = with(kJobYaml);
  in(changed, "Job")["spec"]["template"]["spec"]["containers"] = object("[{name: m, image: n}]");
  CHECK(shop.plan(changed).action(kJob) == Action::create);
}

TEST_CASE("anything: a rollback neither runs nor removes a Job, and applies no older definition") {
  Any shop;
  shop.establish_soon();
  REQUIRE(shop.run(with(kCrdYaml + "---" + kJobYaml)) == Exit::ok);
  release::Set second = with(kCrdYaml, "hello:2");
  in(second, "CustomResourceDefinition")["spec"]["versions"] = object("[{name: v1}, {name: v2}]");
  for (const kube::Object &one : set_of("apiVersion: batch/v1\nkind: Job\nmetadata: {name: later, "
                                        "namespace: shop, annotations: {hello/wait: 'false'}}\n"))
    second.push_back(one);
  REQUIRE(shop.run(second) == Exit::ok);
  shop.options.back = true;
  REQUIRE(shop.run(with(kCrdYaml + "---" + kJobYaml)) == Exit::ok);
  CHECK(shop.live_image() == "hello:1");
  CHECK_FALSE(shop.cluster.api.find(kJob));
  CHECK(shop.cluster.api.find({"batch/v1", "Job", "shop", "later"}));
  CHECK(shop.cluster.api.find(kCrd)->at("spec", "versions").items().size() == 2);
}

TEST_CASE("anything: the way back leaves a Job that ran, and says what it does not bring back") {
  Any shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  CHECK(shop.run(with(kJobYaml, "hello:2")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == event::Failed::Left::rolled_back);
  CHECK(shop.cluster.api.find(kJob));
}

TEST_CASE("anything: the way back by live values brings no Secret back, and says so") {
  Any shop;
  const std::string secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\n";
  REQUIRE(shop.run(with(secret + "data: {key: b2xkLXZhbHVl}\n")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  CHECK(shop.run(with(secret + "data: {key: bmV3LXZhbHVl}\n", "hello:2")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == event::Failed::Left::rolled_back);
  CHECK(shop.live_image() == "hello:1");
  CHECK(shop.cluster.api.find({"v1", "Secret", "shop", "s"})->text("data", "key") ==
        "bmV3LXZhbHVl");
  CHECK(shop.warned("Secret/s", "not rolled back: hello brings no earlier Secret back. By hand: "
                                "kubectl apply --server-side -f with the earlier one"));
}

TEST_CASE("anything: a way back that is refused changes nothing, and says what runs") {
  Any shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  shop.cluster.after(500ms, [&] {
    shop.cluster.fail_always(Operation::dry_run, failure(Trouble::invalid, "no lower version"));
  });
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == event::Failed::Left::rollback_failed);
  const auto *failed = shop.seen.last<event::Failed>();
  CHECK(contains(failed->detail, "no lower version"));
  CHECK(contains(failed->detail, "what runs now: image hello:2, "));
  CHECK(shop.cluster.times("apply") == 1);
  CHECK(shop.state_of_entry(2) == "failed");
  shop.cluster.allow(Operation::dry_run);
  CHECK(shop.run(hello_set("hello:3")) == Exit::ok);
}

TEST_CASE("anything: a webhook whose pods are not there yet is waited for") {
  Any shop;
  kube::Failure silent = failure(
      Trouble::webhook_silent, "failed calling webhook \"w\": no endpoints available for service");
  shop.cluster.fail_next(Operation::dry_run, silent);
  shop.cluster.fail_next(Operation::apply, silent);
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.warned("", "an admission webhook has no pods yet"));
}

TEST_CASE("anything: what carries hello/keep is not replaced, nor is a StorageClass") {
  Any shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.fix_service();
  release::Set set = hello_set("hello:2");
  json::Value &notes = in(set, "Service")["metadata"]["annotations"];
  notes["hello/replace"] = json::string("true");
  shop.cluster.api.update(kService, "", [](json::Value &live) {
    live["metadata"]["annotations"]["hello/keep"] = json::string("true");
  });
  CHECK(contains(shop.run_fails(set).what(), "it carries hello/keep"));
  notes["hello/keep"] = json::string("true");
  const Error both = shop.run_fails(set);
  CHECK(both.code() == Exit::invalid);
  CHECK(contains(both.what(), "both hello/replace and hello/keep"));
  CHECK(shop.cluster.times("remove") == 0);

  const release::Set standard =
      with("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: s, annotations: "
           "{hello/replace: 'true'}}, provisioner: p}");
  REQUIRE(shop.cluster.api.apply(standard.back(), "hello", false));
  shop.options.adopt = {"StorageClass/s"};
  CHECK(shop.run_fails(standard).code() == Exit::invalid);
}

TEST_CASE("anything: in a namespace that the set makes, a new definition is established first") {
  Any shop;
  shop.cluster.api.erase(kNamespace);
  release::Set set = set_of("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  for (const kube::Object &object : with(kCrdYaml + kGizmoYaml)) set.push_back(object);
  shop.establish_soon();
  SUBCASE("what needs it is checked then") {
    // an API server that has just defined the kind may not know it yet, or not answer
    shop.cluster.after(1900ms, [&] {
      shop.cluster.fail_next(Operation::dry_run, failure(Trouble::unknown_kind), "Gizmo/g");
      shop.cluster.fail_next(Operation::dry_run, failure(Trouble::unreachable), "Gizmo/g");
    });
    REQUIRE(shop.run(set) == Exit::ok);
    CHECK(shop.cluster.elapsed() >= 4s);
    CHECK(shop.cluster.times("apply CustomResourceDefinition/gizmos.example.org as hello") == 1);
    CHECK(shop.plan(set).empty());
  }
  SUBCASE("a refusal then is a failed rollout") {
    shop.cluster.fail_always(Operation::dry_run, failure(Trouble::invalid, "no number"), "Gizmo/g");
    CHECK(shop.run(set) == Exit::rollout);
    CHECK(shop.state_of_entry(1) == "failed");
    CHECK_FALSE(shop.cluster.api.find(kDeployment));
  }
}

TEST_CASE("anything: a definition whose names are taken fails after the grace, with the reason") {
  Any shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.cluster.after(1s, [&] {
    shop.cluster.api.update(kCrd, "", [](json::Value &crd) {
      crd["status"] = object("{conditions: [{type: NamesAccepted, status: 'False', reason: "
                             "ShortNamesConflict, message: '\"gz\" is already in use'}]}");
    });
  });
  CHECK(shop.run(with(kCrdYaml + kGizmoYaml, "hello:2")) == Exit::rollout);
  CHECK(shop.cluster.elapsed() < 60s);
  const auto *failing = shop.seen.last<event::Failing>();
  REQUIRE(failing);
  CHECK(failing->outcome.problems.at(0).what == "its names are taken (ShortNamesConflict)");
  CHECK(failing->outcome.problems.at(0).evidence == "\"gz\" is already in use");
  CHECK(shop.live_image() == "hello:1");
  CHECK(shop.state_of_entry(2) == "rolled-back");
}

TEST_CASE("anything: hello/replace is refused on what holds data before that is there") {
  Any shop;
  for (const char *kind : {"{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c, "
                           "namespace: shop, annotations: {hello/replace: 'true'}}}",
                           "{apiVersion: v1, kind: Namespace, metadata: {name: other, annotations: "
                           "{hello/replace: 'true'}}}"})
    CHECK(shop.run_fails(with(kind)).code() == Exit::invalid);
  CHECK(shop.cluster.journal.empty());
}
