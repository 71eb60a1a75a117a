#include "support/shop.h"

using namespace hello;
using namespace hello::test;

namespace {

std::string ingress(const std::string &ns, const std::string &name, const std::string &host,
                    const std::string &path = "/", const std::string &controller = "") {
  return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: " + name +
         ", namespace: " + ns + "}\nspec: {" +
         (controller.empty() ? "" : "ingressClassName: " + controller + ", ") +
         "rules: [{host: " + host + ", http: {paths: [{path: " + path +
         ", pathType: Prefix}]}}]}\n";
}

release::Set set_with(const std::string &yaml) {
  release::Set set = hello_set();
  for (kube::Object &object : set_of(yaml)) set.push_back(std::move(object));
  return set;
}

/// What the plan for an Ingress of a.test/ warns about.
std::vector<std::string> warnings(Shop &shop, const std::string &controller = "") {
  const deploy::Plan plan = deploy::make_plan(
      shop.cluster, set_with(ingress("shop", "hello", "a.test", "/", controller)), shop.options);
  std::vector<std::string> found;
  for (const deploy::event::Warning &one : plan.warnings)
    found.push_back(one.object + ": " + one.text);
  return found;
}

using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("hosts: a host and path that another Ingress uses is a warning, in any namespace") {
  Shop shop;
  CHECK(warnings(shop).empty());
  shop.cluster.api.put(object(ingress("shop", "other", "a.test")));
  shop.cluster.api.put(object(ingress("elsewhere", "far", "a.test")));
  shop.cluster.api.put(object(ingress("elsewhere", "path", "a.test", "/b")));
  shop.cluster.api.put(object(ingress("elsewhere", "host", "b.test")));
  CHECK(warnings(shop) ==
        Texts{"Ingress/hello: a.test/ is used by Ingress/far in namespace elsewhere too",
              "Ingress/hello: a.test/ is used by Ingress/other in namespace shop too"});
}

TEST_CASE("hosts: Ingresses of two controllers do not meet; one without a class may meet any") {
  Shop shop;
  shop.cluster.api.put(object(ingress("elsewhere", "far", "a.test", "/", "nginx")));
  CHECK(warnings(shop, "traefik").empty());
  CHECK(warnings(shop, "nginx").size() == 1);
  CHECK(warnings(shop).size() == 1);
}

TEST_CASE("hosts: an account that may list its own namespace alone is warned about that one") {
  Shop shop;
  shop.cluster.api.put(object(ingress("shop", "other", "a.test")));
  shop.cluster.api.put(object(ingress("elsewhere", "far", "a.test")));
  shop.cluster.fail_always(Operation::list, failure(kube::Trouble::forbidden),
                           "Ingress in every namespace");
  CHECK(warnings(shop) ==
        Texts{"Ingress/hello: a.test/ is used by Ingress/other in namespace shop too"});
}

TEST_CASE("hosts: the release's own Ingress does not count, nor one that this deploy removes") {
  Shop shop;
  release::Set set = set_with(ingress("shop", "hello", "a.test"));
  for (kube::Object &object : set_of(ingress("shop", "old", "a.test"))) set.push_back(object);
  REQUIRE(shop.run(set) == Exit::ok);
  CHECK(warnings(shop).empty());
}
