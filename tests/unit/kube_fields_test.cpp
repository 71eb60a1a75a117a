#include <doctest/doctest.h>

#include "hello/failure.h"
#include "hello/fields.h"
#include "hello/kube.h"
#include "kube/client/answers.h"
#include "kube/client/errors.h"
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

TEST_CASE("parse: what is no object is told as such, with its first line") {
  for (const char *garbage : {"not json\nat all", "\"text\"", "[1]", "{\"a\":", "}{", ""})
    CHECK_THROWS_WITH_AS(kube::object_of(garbage, "kubectl's answer"),
                         doctest::Contains("kubectl's answer is no JSON object"), Error);
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

TEST_CASE("fields: conflicts are read from the API server's words, one manager or several") {
  const auto one = kube::conflicts(
      "error: Apply failed with 1 conflict: conflict with \"kubectl-edit\" using apps/v1 "
      "at 2026-11-23T04:00:00Z: .spec.replicas\nPlease review");
  REQUIRE(one.size() == 1);
  REQUIRE(one[0].size() == 1);
  CHECK(one[0][0].path == ".spec.replicas");
  CHECK(one[0][0].manager == "kubectl-edit");
  const auto two =
      kube::conflicts("error: Apply failed with 3 conflicts: conflicts with \"a\" using v1:\n- "
                      ".data.MESSAGES\n- .metadata.labels.x\n"
                      "conflicts with \"b\" with subresource \"scale\" using apps/v1:\n- "
                      ".spec.replicas\nPlease review the fields "
                      "above\n"
                      "error: Apply failed with 1 conflict: conflict with \"c\": .spec.rules\n");
  REQUIRE(two.size() == 2);
  REQUIRE(two[0].size() == 3);
  CHECK(two[0][1].manager == "a");
  CHECK(two[0][2].manager == "b");
  CHECK(two[1][0].manager == "c");
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

TEST_CASE("kube: kubectl's failures get a reason, a next step, and keep their words") {
  const kube::Access lab{"lab", "n"};
  const auto say = [&](const char *words) {
    return kube::explain(kube::failure_of({1, false, "", words}), "apply the manifests", lab);
  };
  const Error unknown = say("error: context \"prod\" does not exist\n");
  CHECK(std::string(unknown.what()) == "cannot apply the manifests: kubectl does not know the "
                                       "context\nerror: context \"prod\" does not exist");
  CHECK(unknown.code() == Exit::cluster);
  const Error forbidden =
      say("Error from server (Forbidden): ingresses.networking.k8s.io \"hello\" is forbidden: User "
          "\"ci\" cannot patch resource \"ingresses\" in API group "
          "\"networking.k8s.io\" in the namespace \"hello\"");
  CHECK(forbidden.hint() ==
        "a Role in namespace hello with this rule gives it: {apiGroups: [\"networking.k8s.io\"], "
        "resources: [ingresses], verbs: [patch]}");
  const Error away = say("The connection to the server 198.18.0.1:6443 was refused - did you "
                         "specify the right host or port?");
  CHECK(std::string(away.what()).find("cannot be reached") != std::string::npos);
  CHECK(away.hint() == "try: kubectl --context lab cluster-info");
  CHECK(std::string(say("Error from server (BadRequest): unknown field \"spec.x\"").what())
            .find("the cluster refused") != std::string::npos);
}

TEST_CASE("kube: what looks alike in kubectl's words has its own reason") {
  const auto say = [](const char *words, const char *context = "lab") {
    return kube::explain(kube::failure_of({1, false, "", words}), "ask", {context, "shop"});
  };
  struct {
    const char *words, *why, *hint;
  } const cases[] = {
      {"Error from server (InternalError): Internal error occurred: failed calling webhook "
       "\"away.test\": failed to "
       "call "
       "webhook: Post \"https://127.0.0.1:1/?timeout=5s\": context deadline exceeded",
       "an admission webhook does not answer", "validatingwebhookconfigurations"},
      {"Unable to connect to the server: tls: failed to verify certificate: x509: certificate "
       "signed by unknown "
       "authority",
       "the cluster's certificate is not trusted", "config view --minify"},
      {"error: You must be logged in to the server (Unauthorized)",
       "the cluster does not accept these credentials", "auth whoami"},
      {"Unable to connect to the server: getting credentials: exec: executable no-such-plugin not "
       "found",
       "kubectl has no credentials", "auth whoami"},
      {"error: error loading config file \"/root/.kube/config\": yaml: line 1: did not find "
       "expected ',' or ']'",
       "kubectl cannot read its configuration", ""},
      {"EOF", "the cluster cannot be reached", "cluster-info"},
      {"Error in configuration: \n* unable to read client-cert /c.crt for a due to open /c.crt: no "
       "such file or "
       "directory",
       "kubectl cannot read its configuration", ""},
      {"error: unknown flag: --unix-socket", "kubectl failed", ""},
      {"Error from server (NotFound): namespaces \"shop\" not found", "there is no namespace shop",
       "kubectl create namespace shop, or namespace.create: true"},
      {"Error from server (Forbidden): services \"hello\" is forbidden: unable to create new "
       "content in namespace shop "
       "because it is being terminated",
       "the namespace is being removed", "get namespace shop -o yaml"},
      {"error: resource mapping not found for name: \"hello\" namespace: \"shop\" from \"STDIN\": "
       "no matches for kind "
       "\"PodMonitor\" in version \"monitoring.coreos.com/v1\"\nensure CRDs are installed first",
       "the cluster does not know the kind", "CRDs"},
      {"The Service \"hello\" is invalid: spec.clusterIPs[0]: Invalid value: [\"198.19.1.1\"]: may "
       "not change once set",
       "this would change an immutable field", "kubectl delete"},
  };
  for (const auto &one : cases) {
    const Error error = say(one.words);
    CAPTURE(one.words);
    CHECK(error.what() == std::string("cannot ask: ") + one.why + "\n" + one.words);
    CHECK(error.hint().find(one.hint) != std::string::npos);
  }
  CHECK(std::string(say("dial tcp 127.0.0.1:8080: connect: connection refused", "").what())
            .find("kubectl has no current context") != std::string::npos);
  const sys::Finished webhook{1, false, "", cases[0].words},
      away{1, false, "", "connect: connection refused"};
  CHECK_FALSE(kube::failure_of(webhook).retryable); // the same again would fail the same way
  CHECK(kube::failure_of(away).retryable);
}

TEST_CASE("kube: what kubectl says of each object in the same words is said once") {
  const std::string words = "Error from server (NotFound): namespaces \"shop\" not found\n";
  const Error error = kube::explain(kube::failure_of({1, false, "", words + words + words}), "ask",
                                    {"lab", "shop"});
  CHECK(error.what() ==
        "cannot ask: there is no namespace shop\n" + words.substr(0, words.size() - 1));
}
