#include <doctest/doctest.h>

#include <map>
#include <set>

#include <yaml-cpp/yaml.h>

#include "hello/kinds.h"
#include "hello/manifest.h"
#include "hello/yaml.h"
#include "kube/client/paths.h"

using namespace hello;
using kinds::Kind;

namespace {

/// Configurations that together make an object of every kind in the set.
const std::vector<std::vector<std::string>> kConfigurations = {
    {},
    {"expose=gateway", "gateway.parentRefs=[{name: g}]"},
    {"resourceQuota.enabled=true"},
    {"limitRange.enabled=true", "metrics.scrape=podMonitor", "metrics.rules=prometheusRule"},
};

config::Config configured(const std::vector<std::string> &set) {
  config::Sources sources;
  sources.files = {"/dev/null"};
  for (const std::string &one : set) {
    const std::size_t equals = one.find('=');
    sources.set.push_back({one.substr(0, equals), one.substr(equals + 1), "--set"});
  }
  return config::Config::load(sources);
}

/// "apps deployments": what a rule of RBAC names.
std::string resource(std::string_view api_version, std::string_view kind) {
  const std::string path = kube::collection_path(api_version, kind, "n");
  const std::size_t slash = api_version.find('/');
  const std::string group(slash == api_version.npos ? "" : api_version.substr(0, slash));
  return group + " " + path.substr(path.rfind('/') + 1);
}

/// The Role of the deployer: the verbs by resource.
std::map<std::string, std::set<std::string>> rights(const config::Config &config) {
  std::map<std::string, std::set<std::string>> all;
  for (const manifest::Object &object : manifest::deployer(config)) {
    if (object.kind != "Role") continue;
    for (const YAML::Node &rule : yaml::items(object.node["rules"]))
      for (const YAML::Node &name : yaml::items(rule["resources"]))
        for (const YAML::Node &verb : yaml::items(rule["verbs"]))
          all[rule["apiGroups"][0].Scalar() + " " + name.Scalar()].insert(verb.Scalar());
  }
  return all;
}

} // namespace

TEST_CASE("kinds: each stands once in the table") {
  std::set<std::string_view> names;
  for (const Kind &kind : kinds::all()) CHECK(names.insert(kind.name).second);
}

TEST_CASE("kinds: the set is made of the table's kinds, and of all of those") {
  std::set<std::string> rendered;
  for (const auto &set : kConfigurations)
    for (const manifest::Object &object : manifest::render_all(configured(set)))
      if (object.kind != "Namespace") rendered.insert(object.api_version + " " + object.kind);
  std::set<std::string> table;
  for (const Kind &kind : kinds::all())
    if (kind.is(Kind::in_set))
      table.insert(std::string(kind.api_version) + " " + std::string(kind.name));
  CHECK(rendered == table);
}

TEST_CASE("kinds: those with a namespace have one in the set, the others have none") {
  const std::vector<std::string> logging = {"logging"};
  const auto config = configured({"logging.endpoint=http://store.logs.svc/v1/logs"});
  for (const manifest::Object &object : manifest::render_all(config, logging))
    CHECK(object.ns.empty() == kinds::is(object.kind, Kind::cluster_wide));
}

TEST_CASE("kinds: the deployer's Role has the verbs for each kind that the settings make") {
  for (const auto &set : kConfigurations) {
    const auto config = configured(set);
    auto all = rights(config);
    for (const manifest::Object &object : manifest::render_all(config)) {
      if (object.kind == "Namespace") continue;
      CAPTURE(object.kind);
      std::set<std::string> wanted = {"get", "list", "create", "patch", "delete"};
      if (kinds::is(object.kind, Kind::watched)) wanted.insert("watch");
      CHECK(all[resource(object.api_version, object.kind)] == wanted);
    }
  }
}

TEST_CASE("kinds: the deployer's Role gives no right to change a kind outside the table") {
  std::set<std::string> known = {"apps controllerrevisions", " pods/portforward",
                                 "coordination.k8s.io leases", " namespaces"};
  for (const Kind &kind : kinds::all())
    if (kind.is(Kind::in_set)) known.insert(resource(kind.api_version, kind.name));
  for (const auto &set : kConfigurations)
    for (const auto &[name, verbs] : rights(configured(set)))
      for (const char *verb : {"create", "patch", "delete"})
        CHECK_MESSAGE((!verbs.contains(verb) || known.contains(name)), name);
}

TEST_CASE("kinds: what others need comes first") {
  const std::pair<const char *, const char *> order[] = {
      {"v1", "Namespace"},
      {"apiextensions.k8s.io/v1", "CustomResourceDefinition"},
      {"storage.k8s.io/v1", "StorageClass"},
      {"networking.k8s.io/v1", "NetworkPolicy"},
      {"v1", "ServiceAccount"},
      {"v1", "Secret"},
      {"rbac.authorization.k8s.io/v1", "RoleBinding"},
      {"v1", "Service"},
      {"batch/v1", "Job"},
      {"policy/v1", "PodDisruptionBudget"},
      {"gateway.networking.k8s.io/v1", "HTTPRoute"},
      {"apiregistration.k8s.io/v1", "APIService"},
      {"example.org/v1", "Service"}, // of a group of its own
      {"admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"}};
  for (std::size_t i = 1; i < std::size(order); ++i) {
    CAPTURE(order[i].second);
    CHECK(kinds::rank(order[i - 1].first, order[i - 1].second) <
          kinds::rank(order[i].first, order[i].second));
  }
  CHECK(kinds::rank("apps/v1", "StatefulSet") == kinds::rank("v1", "Pod"));
}
