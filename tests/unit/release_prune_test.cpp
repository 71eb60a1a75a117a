#include <doctest/doctest.h>

#include "hello/prune.h"
#include "hello/yaml.h"

using namespace hello;

namespace {

std::string why_kept(const std::string &entries) {
  const auto object = yaml::load("metadata:\n  managedFields:\n" + entries, "object");
  json::Value live = json::parse(yaml::to_json(object), "object");
  live["metadata"]["annotations"][release::kMark] = json::string("shop/hello");
  const release::Claims claims({"lab", "shop"}, {});
  return describe(claims.owner_of({"networking.k8s.io/v1", "Ingress", "shop", "hello"}, live));
}

// As the lab's cluster wrote them.
const std::string kOurs = R"(
  - manager: hello
    operation: Apply
    apiVersion: networking.k8s.io/v1
    fieldsType: FieldsV1
    fieldsV1: {"f:metadata": {"f:labels": {"f:app.kubernetes.io/managed-by": {}}}, "f:spec": {"f:rules": {}}}
)";

} // namespace

TEST_CASE("prune: what we alone have made is ours") {
  CHECK(why_kept(kOurs) == "");
  CHECK(why_kept(kOurs + R"(
  - manager: traefik
    operation: Update
    subresource: status
    fieldsV1: {"f:status": {"f:loadBalancer": {"f:ingress": {}}}}
  - manager: kube-controller-manager
    operation: Update
    fieldsV1: {"f:metadata": {"f:annotations": {".": {}, "f:deployment.kubernetes.io/revision": {}}}}
  - manager: kubectl-annotate
    operation: Update
    fieldsV1: {"f:metadata": {"f:annotations": {"f:note": {}}}}
)") == "");
}

TEST_CASE("prune: what others made or apply stays, and says why") {
  const std::string only_marked = "it carries this release's mark, but hello holds no field of it";
  CHECK(why_kept("    []\n") == only_marked);
  CHECK(why_kept(R"(
  - manager: kubectl-create
    operation: Update
    fieldsV1: {"f:spec": {"f:rules": {}}}
)") == only_marked);
  CHECK(why_kept(R"(
  - manager: hello
    operation: Update
    fieldsV1: {"f:spec": {"f:rules": {}}}
)") == only_marked);
  CHECK(why_kept(kOurs + R"(
  - manager: kubectl-create
    operation: Update
    fieldsV1: {"f:spec": {"f:rules": {}}}
)") == "\"kubectl-create\" has made it, or holds the same fields");
  CHECK(why_kept(kOurs + R"(
  - manager: argocd-controller
    operation: Apply
    fieldsV1: {"f:metadata": {"f:labels": {"f:team": {}}}}
)") == "\"argocd-controller\" applies it too");
}

TEST_CASE("prune: the manager by which hello hands replicas over is hello too") {
  CHECK(why_kept(kOurs + R"(
  - manager: hello-handover
    operation: Apply
    fieldsV1: {"f:spec": {"f:replicas": {}}}
)") == "");
}
