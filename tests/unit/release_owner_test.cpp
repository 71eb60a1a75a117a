#include <doctest/doctest.h>

#include "hello/owner.h"
#include "support/fake_cluster.h"

using namespace hello;
using namespace hello::test;
using State = release::Ownership::State;

namespace {

const kube::Id kOld{"v1", "ConfigMap", "shop", "old"},
    kElsewhere{"v1", "ConfigMap", "other", "old"},
    kWide{"rbac.authorization.k8s.io/v1", "ClusterRole", "", "old"},
    kPolicy{"networking.k8s.io/v1", "NetworkPolicy", "shop", "default-deny"};
const std::string kLabels =
    "{app.kubernetes.io/managed-by: hello, app.kubernetes.io/instance: hello}";

/// An object with these labels, this mark (none if empty), and fields applied by these managers.
json::Value live(const std::string &mark, std::initializer_list<const char *> appliers,
                 const std::string &labels = "{}") {
  json::Value value = object("{metadata: {name: old, labels: " + labels + "}}");
  if (!mark.empty()) value["metadata"]["annotations"][release::kMark] = json::string(mark);
  int field = 0;
  for (const char *manager : appliers) {
    json::Value entry = object("{operation: Apply}");
    entry["manager"] = json::string(manager);
    entry["fieldsV1"]["f:data"]["f:" + std::to_string(++field)] = json::object();
    value["metadata"]["managedFields"].push(std::move(entry));
  }
  return value;
}

release::Release recorded(const kube::Id &id, const std::string &version = "") {
  release::Release one;
  one.version = version;
  one.objects = {id};
  return one;
}

release::Claims claims(std::vector<release::Release> history = {},
                       const std::string &release = "hello") {
  return release::Claims({"lab", "shop", release}, history);
}

} // namespace

TEST_CASE("owner: what carries the mark and is applied by hello is ours to remove") {
  CHECK(claims().owner_of(kOld, live("shop/hello", {"hello"})).ours());
  CHECK(claims().owner_of(kElsewhere, live("shop/hello", {"hello"})).ours());
  CHECK(claims().owner_of(kWide, live("shop/hello", {"hello"})).ours());
  CHECK(claims({}, "web").owner_of(kOld, live("shop/web", {"hello-web"})).ours());
}

TEST_CASE("owner: the mark alone lets hello apply an object, but never remove it") {
  CHECK(claims().ours(kOld, live("shop/hello", {})));
  CHECK(claims().ours(kOld, live("shop/hello", {"kubectl"})));
  CHECK(claims().owner_of(kOld, live("shop/hello", {"kubectl"})).state == State::only_marked);
  CHECK(claims({}, "web").owner_of(kOld, live("shop/web", {"hello"})).state == State::only_marked);
}

TEST_CASE("owner: a mark that names another release wins over manager, history and labels") {
  const auto theirs = live("shop/web", {"hello"}, kLabels);
  const auto of_hello = claims({recorded(kOld)});
  CHECK_FALSE(of_hello.ours(kOld, theirs));
  const auto owner = of_hello.owner_of(kOld, theirs);
  CHECK(owner.state == State::other_release);
  CHECK(describe(owner) == "it belongs to release \"shop/web\"");
  CHECK(of_hello.owner_of(kOld, live("stall/hello", {"hello"})).state == State::other_release);
}

TEST_CASE("owner: what 0.1.0 applied is known by the history, or by labels in the namespace") {
  const auto plain = live("", {"hello"}), labelled = live("", {"hello"}, kLabels);
  for (const kube::Id &id : {kOld, kElsewhere, kWide}) {
    CHECK(claims({recorded(id)}).ours(id, plain));
    CHECK(claims({recorded(id)}).owner_of(id, plain).ours());
    CHECK_FALSE(claims().ours(id, plain));
    CHECK(claims().owner_of(id, plain).state == State::unmarked);
  }
  CHECK(claims().ours(kOld, labelled));
  CHECK_FALSE(claims().ours(kElsewhere, labelled)); // labels count in the namespace only
  CHECK_FALSE(claims().ours(kWide, labelled));
}

TEST_CASE("owner: without an Apply entry of hello, neither history nor labels are enough") {
  const auto theirs = live("", {"argocd"}, kLabels);
  CHECK_FALSE(claims({recorded(kOld)}).ours(kOld, theirs));
  CHECK(claims({recorded(kOld)}).owner_of(kOld, theirs).state == State::not_held);
}

TEST_CASE("owner: a later hello marks what it applies, so its history is no proof") {
  CHECK_FALSE(claims({recorded(kOld, "0.2.0")}).ours(kOld, live("", {"hello"})));
}

TEST_CASE("owner: 0.1.0 made only the release hello") {
  const auto plain = live("", {"hello"}, kLabels);
  CHECK_FALSE(claims({recorded(kOld)}, "web").ours(kOld, plain));
  CHECK_FALSE(claims({}, "web").ours(kOld, live("", {"hello-web"}, kLabels)));
}

TEST_CASE("owner: what the releases of a namespace share belongs to the namespace") {
  const kube::Access access{"lab", "shop", "web"};
  CHECK(release::is_shared(kNamespace, access));
  CHECK(release::is_shared(kPolicy, access));
  CHECK(release::is_shared({"v1", "LimitRange", "shop", "hello"}, access));
  CHECK_FALSE(release::is_shared({"v1", "Namespace", "", "other"}, access));
  CHECK_FALSE(
      release::is_shared({kPolicy.api_version, kPolicy.kind, "other", kPolicy.name}, access));
  CHECK_FALSE(release::is_shared({"v1", "ResourceQuota", "shop", "web"}, access));
  CHECK_FALSE(
      release::is_shared({"projectcalico.org/v3", kPolicy.kind, kPolicy.ns, kPolicy.name}, access));
  CHECK(release::manager_of(kPolicy, access) == "hello-shared");
  CHECK(release::manager_of(kOld, access) == "hello-web");

  for (const char *release : {"hello", "web"}) {
    CHECK(claims({}, release).owner_of(kPolicy, live("shop/", {"hello-shared"})).ours());
    CHECK(claims({}, release).ours(kPolicy, live("", {"hello"}, kLabels))); // 0.1.0's
    CHECK_FALSE(claims({}, release).ours(kPolicy, live("shop/hello", {"hello"})));
    CHECK(claims({}, release).owner_of(kOld, live("shop/", {"hello"})).state ==
          State::other_release);
  }
}

TEST_CASE("owner: the set as it is applied carries the marks, and its digest does not change") {
  release::Set set = hello_set();
  const std::string digest = release::digest_of(set);
  for (kube::Object &object : set_of("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"))
    set.push_back(object);
  const release::Set marked = release::marked(set, {"lab", "shop", "web"});
  CHECK(marked.front().value.text("metadata", "annotations", release::kMark) == "shop/web");
  CHECK(marked.back().value.text("metadata", "annotations", release::kMark) == "shop/");
  const json::Value &pods = marked[1].value.at("spec", "template");
  CHECK(json::canonical(pods) == json::canonical(set[1].value.at("spec", "template")));
  CHECK(release::digest_of(marked) == release::digest_of(set));
  set.pop_back();
  CHECK(release::digest_of(set) == digest);
}

TEST_CASE("owner: the owner of an object is named by what it carries") {
  const auto words = [](const std::string &metadata) {
    return release::owner_words(object("{metadata: {name: x, " + metadata + "}}"));
  };
  CHECK(words("labels: {}") == "unknown");
  CHECK(words("annotations: {hello/release: stall/web}") == "release \"stall/web\"");
  CHECK(words("annotations: {meta.helm.sh/release-name: web}, managedFields: [{manager: helm, "
              "operation: Update}, {manager: edit, operation: Update}, {manager: kcm, subresource: "
              "status}]") == "Helm release \"web\"; field managers: helm, edit");
  CHECK(words("labels: {kapp.k14s.io/app: '1'}") == "kapp app \"1\"");
  CHECK(words("labels: {argocd.argoproj.io/instance: web}") == "Argo CD application \"web\"");
  CHECK(words("labels: {kustomize.toolkit.fluxcd.io/name: web}") == "Flux kustomization \"web\"");
  CHECK(words("ownerReferences: [{kind: Shop, name: s, controller: true}]") ==
        "Shop/s, which controls it");
  CHECK(words("managedFields: [{manager: kubectl-create, operation: Update}]") ==
        "field manager: kubectl-create");
}

TEST_CASE("owner: an object is named as --adopt takes it") {
  CHECK(release::reference(kOld, "shop") == "ConfigMap/old");
  CHECK(release::reference(kDeployment, "shop") == "Deployment.apps/hello");
  CHECK(release::reference(kElsewhere, "shop") == "ConfigMap/other/old");
  CHECK(release::reference(kWide, "shop") == "ClusterRole.rbac.authorization.k8s.io/old");
}
