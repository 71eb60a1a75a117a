#include <doctest/doctest.h>

#include "cli/commands/check_account.h"
#include "cli/commands/deployer.h"
#include "cli/options/release_set.h"
#include "hello/json.h"

using namespace hello;

namespace {

constexpr const char *kExtras = R"([
  {apiVersion: v1, kind: Secret, metadata: {name: s}},
  {apiVersion: v1, kind: Secret, metadata: {name: t}},
  {apiVersion: v1, kind: ConfigMap, metadata: {name: c}},
  {apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: other}},
  {apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: p}},
  {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}},
  {apiVersion: v1, kind: Namespace, metadata: {name: n}},
  {apiVersion: example.org/v1, kind: Gizmo, metadata: {name: g}}])";

struct Printed {
  std::vector<std::string> notes;
  release::Set set;

  explicit Printed(const std::string &extras = kExtras, const std::string &prometheus = "") {
    config::Sources sources;
    sources.files = {"/dev/null"};
    sources.set = {{"extraManifests", extras, "--set"}, {"namespace.name", "shop", "--set"}};
    if (!prometheus.empty()) sources.set.push_back({"monitoring.prometheus", prometheus, "--set"});
    const config::Config config = config::Config::load(sources);
    set = cli::set_of(cli::deployer(config, manifest::render_all(config), notes));
  }
  const json::Value &object(const std::string &kind, const std::string &name,
                            const std::string &ns) const {
    for (const kube::Object &one : set)
      if (one.id.kind == kind && one.id.name == name && one.id.ns == ns) return one.value;
    FAIL("there is no " << kind << "/" << name);
    return set.front().value;
  }
  bool has_note(const std::string &words) const {
    for (const std::string &note : notes)
      if (note.find(words) != note.npos) return true;
    return false;
  }
};

} // namespace

TEST_CASE("deployer: extras get rights for their own objects only, but for create") {
  const Printed printed;
  const json::Value &role = printed.object("Role", "hello-deployer-extras", "shop");
  CHECK(json::to_text(role.at("rules")) ==
        R"([{"apiGroups":[""],"resources":["secrets"],"verbs":["create"]},)"
        R"({"apiGroups":[""],"resources":["secrets"],"resourceNames":["s","t"],)"
        R"("verbs":["get","patch","delete"]}])");
  const json::Value &binding = printed.object("RoleBinding", "hello-deployer-extras", "shop");
  CHECK(binding.text("roleRef", "name") == "hello-deployer-extras");
  CHECK(json::to_text(binding.at("subjects")) ==
        R"([{"kind":"ServiceAccount","name":"hello-deployer","namespace":"shop"}])");
}

TEST_CASE("deployer: other namespaces and cluster-wide objects get roles apart") {
  const Printed printed;
  CHECK(json::to_text(printed.object("Role", "shop:hello-deployer", "other").at("rules")) ==
        R"([{"apiGroups":[""],"resources":["configmaps"],"verbs":["create"]},)"
        R"({"apiGroups":[""],"resources":["configmaps"],"resourceNames":["c"],)"
        R"("verbs":["get","patch","delete"]}])");
  const json::Value &wide = printed.object("ClusterRole", "shop:hello-deployer", "");
  CHECK(json::to_text(wide.at("rules").items().at(1)) ==
        R"({"apiGroups":["scheduling.k8s.io"],"resources":["priorityclasses"],)"
        R"("resourceNames":["p"],"verbs":["get","patch","delete"]})");
  CHECK(printed.object("ClusterRoleBinding", "shop:hello-deployer", "").text("roleRef", "kind") ==
        "ClusterRole");
}

TEST_CASE("deployer: no two accounts share the name of a cluster-wide binding") {
  const auto binding = [](const std::string &ns, const std::string &name) {
    config::Sources sources;
    sources.files = {"/dev/null"};
    sources.set = {{"extraManifests", kExtras, "--set"},
                   {"namespace.name", ns, "--set"},
                   {"name", name, "--set"}};
    const config::Config config = config::Config::load(sources);
    std::vector<std::string> notes;
    for (const auto &one : cli::deployer(config, manifest::render_all(config), notes))
      if (one.kind == "ClusterRoleBinding") return one.name;
    return std::string();
  };
  CHECK(binding("shop", "web-eu") == "shop:web-eu-deployer");
  CHECK(binding("shop-web", "eu") == "shop-web:eu-deployer");
  CHECK(cli::check_account("a", "b").back().name == "hello-check-a");
}

TEST_CASE("deployer: a custom resource whose definition is in the set gets rights by its plural") {
  const Printed printed(R"([
    {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition,
     metadata: {name: gizmi.example.org},
     spec: {group: example.org, names: {kind: Gizmo, plural: gizmi}}},
    {apiVersion: example.org/v1, kind: Gizmo, metadata: {name: g}}])");
  CHECK(json::to_text(printed.object("Role", "hello-deployer-extras", "shop").at("rules")) ==
        R"([{"apiGroups":["example.org"],"resources":["gizmi"],"verbs":["create"]},)"
        R"({"apiGroups":["example.org"],"resources":["gizmi"],"resourceNames":["g"],)"
        R"("verbs":["get","patch","delete"]}])");
  CHECK_FALSE(printed.has_note("Gizmo/g needs a rule more"));
}

TEST_CASE("deployer: what no Role may give, or what it cannot know, is a note") {
  const Printed printed;
  CHECK(printed.has_note("ClusterRole/r; leave it out of what this account deploys"));
  CHECK(printed.has_note("an administrator applies Namespace/shop (namespace.create: false)"));
  CHECK(printed.has_note("an administrator applies Namespace/n; leave it out"));
  CHECK(printed.has_note("Gizmo/g needs a rule more"));
  CHECK(printed.has_note("apiGroups: [example.org]"));
  for (const kube::Object &one : printed.set) {
    const std::string text = json::to_text(one.value);
    CHECK(text.find("bind\"") == text.npos);
    CHECK(text.find("escalate") == text.npos);
    CHECK(text.find("clusterroles") == text.npos);
  }
}

TEST_CASE("deployer: extras of a kind that the settings make too may be listed") {
  const Printed printed(R"([{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}}])");
  CHECK(json::to_text(printed.object("Role", "hello-deployer-extras", "shop").at("rules")) ==
        R"([{"apiGroups":[""],"resources":["resourcequotas"],"verbs":["create","list"]},)"
        R"({"apiGroups":[""],"resources":["resourcequotas"],"resourceNames":["q"],)"
        R"("verbs":["get","patch","delete"]}])");
}

TEST_CASE("deployer: workloads in other namespaces bring the rights to explain their pods") {
  const Printed printed(
      R"([{apiVersion: batch/v1, kind: Job, metadata: {name: j, namespace: other}}])");
  CHECK(json::to_text(printed.object("Role", "shop:hello-deployer", "other").at("rules")) ==
        R"([{"apiGroups":["batch"],"resources":["jobs"],"verbs":["create"]},)"
        R"({"apiGroups":["batch"],"resources":["jobs"],"resourceNames":["j"],)"
        R"("verbs":["get","patch","delete"]},)"
        R"({"apiGroups":[""],"resources":["pods"],"verbs":["list"]},)"
        R"({"apiGroups":[""],"resources":["events"],"verbs":["list"]},)"
        R"({"apiGroups":[""],"resources":["pods/log"],"verbs":["get"]}])");
}

TEST_CASE("deployer: a Prometheus that is asked through the API server brings the right to that") {
  const Printed printed("[]", "http://prom.monitoring.svc:9090/x");
  CHECK(json::to_text(printed.object("Role", "shop:hello-deployer", "monitoring").at("rules")) ==
        R"([{"apiGroups":[""],"resources":["services/proxy"],)"
        R"("resourceNames":["http:prom:9090"],"verbs":["get"]}])");
  CHECK(Printed("[]", "http://prometheus.example.com").set.size() == Printed("[]").set.size());
}

TEST_CASE("deployer: there is no right to delete what hello never deletes") {
  const Printed printed(R"([
    {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: p}},
    {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: s}}])");
  CHECK(json::to_text(printed.object("Role", "hello-deployer-extras", "shop").at("rules")) ==
        R"([{"apiGroups":[""],"resources":["persistentvolumeclaims"],"verbs":["create"]},)"
        R"({"apiGroups":[""],"resources":["persistentvolumeclaims"],"resourceNames":["p"],)"
        R"("verbs":["get","patch"]}])");
  CHECK(json::to_text(printed.object("ClusterRole", "shop:hello-deployer", "")).find("delete") ==
        std::string::npos);
}

TEST_CASE("deployer: extras of kinds that the Role may only read get rights of their own") {
  const Printed printed(R"([
    {apiVersion: v1, kind: Pod, metadata: {name: p}},
    {apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: r}},
    {apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: l}}])");
  const std::string rules =
      json::to_text(printed.object("Role", "hello-deployer-extras", "shop").at("rules"));
  for (const char *resource : {R"([""],"resources":["pods"],"resourceNames":["p"])",
                               R"(["apps"],"resources":["replicasets"],"resourceNames":["r"])",
                               R"(io"],"resources":["leases"],"resourceNames":["l"])"})
    CHECK(rules.find(resource) != rules.npos);
}

TEST_CASE("deployer: a custom kind with the name of one of Kubernetes' own is another resource") {
  const Printed printed(R"([
    {apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: n}},
    {apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: s}}])");
  CHECK(printed.has_note("NetworkPolicy/n needs a rule more"));
  CHECK(printed.has_note("apiGroups: [serving.knative.dev]"));
}

TEST_CASE("deployer: custom kinds that the settings can make are known") {
  const Printed printed(
      R"([{apiVersion: monitoring.coreos.com/v1, kind: PodMonitor, metadata: {name: m}}])");
  CHECK(json::to_text(printed.object("Role", "hello-deployer-extras", "shop").at("rules")) ==
        R"([{"apiGroups":["monitoring.coreos.com"],"resources":["podmonitors"],)"
        R"("verbs":["create","list"]},{"apiGroups":["monitoring.coreos.com"],)"
        R"("resources":["podmonitors"],"resourceNames":["m"],"verbs":["get","patch","delete"]}])");
}
