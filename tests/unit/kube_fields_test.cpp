#include <doctest/doctest.h>

#include "hello/fields.h"
#include "hello/kube.h"
#include "kube/client/answers.h"
#include "kube/client/paths.h"

using namespace hello;

namespace {

// A Deployment as the API server gave it, cut down.
const char *const kLive = R"({
 "apiVersion":"apps/v1","kind":"Deployment",
 "metadata":{"name":"hello","namespace":"n","generation":2,"resourceVersion":"7","labels":{"app.kubernetes.io/name":"hello"},
  "annotations":{"deployment.kubernetes.io/revision":"1"},
  "managedFields":[
   {"manager":"hello","operation":"Apply","apiVersion":"apps/v1","fieldsV1":{"f:metadata":{"f:labels":{"f:app.kubernetes.io/name":{}}},
     "f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"hello\"}":{".":{},"f:image":{},"f:name":{},
       "f:args":{},"f:ports":{"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:name":{}}}}},
       "f:volumes":{"k:{\"name\":\"tmp\"}":{".":{},"f:emptyDir":{"f:sizeLimit":{}},"f:name":{}}}}}}}},
   {"manager":"kube-controller-manager","operation":"Update","subresource":"scale","apiVersion":"apps/v1","fieldsV1":{"f:spec":{"f:replicas":{}}}},
   {"manager":"kube-controller-manager","operation":"Update","subresource":"status","apiVersion":"apps/v1","fieldsV1":{"f:status":{"f:replicas":{}}}}]},
 "spec":{"replicas":5,"template":{"spec":{"containers":[
    {"name":"hello","image":"hello:1","args":["serve","--x"],"imagePullPolicy":"Always","ports":[{"containerPort":8080,"name":"http","protocol":"TCP"}]},
    {"name":"istio-proxy","image":"istio"}],
   "volumes":[{"name":"tmp","emptyDir":{"sizeLimit":"32Mi"}},{"name":"istio","emptyDir":{}}]}}},
 "status":{"replicas":5}})";

json::Value live() { return json::parse(kLive, "live"); }

} // namespace

TEST_CASE("fields: what the manager holds can be applied again, and nothing that others hold") {
  CHECK(
      json::canonical(kube::owned(live(), "hello")) ==
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"labels":{"app.kubernetes.io/name":"hello"},"name":"hello","namespace":"n"},)"
      R"("spec":{"template":{"spec":{"containers":[{"args":["serve","--x"],"image":"hello:1","name":"hello","ports":[{"containerPort":8080,"name":"http"}]}],)"
      R"("volumes":[{"emptyDir":{"sizeLimit":"32Mi"},"name":"tmp"}]}}}})");
  CHECK(
      json::canonical(kube::owned(live(), "nobody")) ==
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"hello","namespace":"n"}})");
}

TEST_CASE("fields: the way back has what a later apply took from others, and nothing that came new "
          "with it") {
  const json::Value before = json::parse(
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","managedFields":[
          {"manager":"hello","operation":"Apply","fieldsV1":{"f:data":{"f:OURS":{}}}}]},
          "data":{"OURS":"1","THEIRS":"2","OTHER":"3"}})",
      "before");
  const json::Value later = json::parse(
      R"({"metadata":{"managedFields":[
          {"manager":"hello","operation":"Apply","fieldsV1":{"f:data":{"f:NEW":{},"f:THEIRS":{}},"f:metadata":{"f:labels":{"f:a":{}}}}}]}})",
      "later");
  CHECK(json::canonical(kube::owned(before, "hello", later).at("data")) ==
        R"({"OURS":"1","THEIRS":"2"})");
  CHECK(json::canonical(kube::owned(before, "hello").at("data")) == R"({"OURS":"1"})");
  CHECK(!kube::owned(before, "hello", later).at("metadata").find("labels"));
}

TEST_CASE("fields: who holds replicas") {
  CHECK(kube::managers(live(), {"f:spec", "f:replicas"}) ==
        std::vector<std::string>{"kube-controller-manager"});
  CHECK(kube::managers(live(), {"f:spec", "f:paused"}).empty());
}

TEST_CASE("fields: changes leave out what the server keeps, and match list items by name") {
  json::Value after = live();
  after["metadata"]["generation"] = json::integer(3);
  after["status"]["replicas"] = json::integer(1);
  CHECK(kube::changes(live(), after).empty());
  std::string text = json::to_text(after);
  const auto replace = [&](std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    REQUIRE(at != text.npos);
    text.replace(at, from.size(), to);
  };
  replace("\"image\":\"hello:1\"", "\"image\":\"hello:2\"");
  replace(",\"imagePullPolicy\":\"Always\"", "");
  after = json::parse(text, "after");
  const auto found = kube::changes(live(), after);
  REQUIRE(found.size() == 2);
  CHECK(found[0].path == "spec.template.spec.containers[hello].image");
  CHECK(found[0].before == "\"hello:1\"");
  CHECK(found[0].after == "\"hello:2\"");
  CHECK(found[1].path == "spec.template.spec.containers[hello].imagePullPolicy");
  CHECK(found[1].after.empty());
}

TEST_CASE("parse: text that is no object is an error that names its source") {
  for (const char *garbage : {"not json\nat all", "\"text\"", "[1]", "{\"a\":", "}{", ""})
    CHECK_THROWS_WITH_AS(kube::object_of(garbage, "kubectl's answer"),
                         doctest::Contains("kubectl's answer is not a Kubernetes object"), Error);
}

TEST_CASE("fields: a number and the text of the same digits differ") {
  const auto found = kube::changes(json::parse(R"({"a":1,"b":[1,2]})", ""),
                                   json::parse(R"({"a":"1","b":[1]})", ""));
  REQUIRE(found.size() == 2);
  CHECK(found[0].after == "\"1\"");
  CHECK(found[1].path == "b[1]");
}

TEST_CASE("fields: text of several lines is shown as text") {
  const auto found = kube::changes(json::parse(R"({"data":{"MESSAGES":"a\nb"}})", ""),
                                   json::parse(R"({"data":{"MESSAGES":"a\nc"}})", ""));
  REQUIRE(found.size() == 1);
  CHECK(found[0].text);
  CHECK(found[0].before == "a\nb");
}

TEST_CASE("fields: the value at a path as the server writes it") {
  CHECK(kube::value_at(live(), ".spec.replicas") == "5");
  CHECK(kube::value_at(live(), ".spec.template.spec.containers[name=\"hello\"].image") ==
        "\"hello:1\"");
  CHECK(kube::value_at(live(), ".spec.template.spec.containers[name=\"hello\"].ports[containerPort="
                               "8080,protocol=\"TCP\"].name") == "\"http\"");
  CHECK(kube::value_at(live(), ".metadata.labels.app.kubernetes.io/name") == "\"hello\"");
  CHECK(kube::value_at(live(), ".spec.template.spec.volumes[1].name") == "\"istio\"");
  CHECK(kube::value_at(live(), ".spec.none").empty());
}

TEST_CASE("kube: paths and plurals of the API") {
  CHECK(kube::collection_path("v1", "Pod", "n") == "/api/v1/namespaces/n/pods");
  CHECK(kube::collection_path("networking.k8s.io/v1", "NetworkPolicy", "n") ==
        "/apis/networking.k8s.io/v1/namespaces/n/networkpolicies");
  CHECK(kube::collection_path("networking.k8s.io/v1", "Ingress", "n") ==
        "/apis/networking.k8s.io/v1/namespaces/n/ingresses");
  CHECK(kube::collection_path("v1", "Namespace", "") == "/api/v1/namespaces");
  CHECK(kube::collection_path("gateway.networking.k8s.io/v1", "Gateway", "n") ==
        "/apis/gateway.networking.k8s.io/v1/namespaces/n/gateways");
}

TEST_CASE("fields: of a Secret, no value shows, nor where kubectl keeps a copy of it") {
  const auto found = kube::changes(
      json::parse(R"({"kind":"Secret","data":{"a":"eA==","c":"eA=="},"metadata":{"labels":{"l":"1"},
        "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{}}"}}})",
                  ""),
      json::parse(
          R"({"kind":"Secret","data":{"a":"eQ==","b":"eg=="},"metadata":{"labels":{"l":"2"}}})",
          ""));
  std::string shown;
  for (const kube::Change &one : found)
    shown += one.path + ":" + one.before + ">" + one.after + ";";
  CHECK(shown == "data.a:(changed)>(changed);data.b:>(changed);data.c:(changed)>;"
                 "metadata.labels.l:\"1\">\"2\";"
                 "metadata.annotations:(changed)>;");
}

TEST_CASE("fields: another order of items that have names is a change") {
  const auto containers = [](const char *list) {
    return json::parse(R"({"spec":{"initContainers":)" + std::string(list) + "}}", "object");
  };
  const json::Value before = containers(R"([{"name":"a","image":"i"},{"name":"b"},{"name":"c"}])");
  const auto swapped =
      kube::changes(before, containers(R"([{"name":"b"},{"name":"a","image":"i"},{"name":"d"}])"));
  REQUIRE(swapped.size() == 3);
  CHECK(swapped[0].path == "spec.initContainers[d]");
  CHECK(swapped[1].path == "spec.initContainers[c]");
  CHECK(swapped[2].path == "spec.initContainers");
  CHECK(swapped[2].before == R"(["a","b"])");
  CHECK(swapped[2].after == R"(["b","a"])");
  CHECK(kube::changes(before, containers(R"([{"name":"d"},{"name":"a","image":"i"},{"name":"c"}])"))
            .size() == 2);
}
