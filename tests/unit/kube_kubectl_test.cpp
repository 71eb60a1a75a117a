#include <doctest/doctest.h>

#include <functional>

#include "support/eventually.h"
#include "support/kubectl_lab.h"

using namespace hello;
using namespace std::chrono_literals;
using namespace hello::test;
using kube::Trouble;

namespace {

sys::Deadline generous() { return sys::Clock::now() + 1min; }

const kube::Id kEntry{"apps/v1", "ControllerRevision", "shop", "hello-release-7"};
const std::string kEntries = "/apis/apps/v1/namespaces/shop/controllerrevisions",
                  kEntryPath = kEntries + "/hello-release-7", kByHello = "?fieldManager=hello";

/// The API server's answer to what it does not do.
std::string status(const std::string &reason, const std::string &message = "no") {
  return R"({"kind":"Status","reason":")" + reason + R"(","message":")" + message +
         R"(","details":{"name":"m"}})";
}

std::vector<kube::Object> set_of(const Words &objects) {
  std::vector<kube::Object> set;
  for (const std::string &text : objects) {
    json::Value value = json::parse(text, "object");
    const kube::Id id = kube::id_of(value);
    set.push_back({id, std::move(value)});
  }
  return set;
}

const auto kSet =
    set_of({R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},"data":{"n":1.50}})",
            R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s"}})"});
const std::string kSetLines =
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},"data":{"n":1.50}})"
    "\n"
    R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s"}})"
    "\n";

} // namespace

TEST_CASE("kube: what is cluster-wide has no namespace, whatever its manifest says") {
  const auto ns_of = [](const char *type) {
    return kube::id_of(json::parse(std::string("{") + type +
                                       R"(,"metadata":{"name":"a","namespace":"shop"}})",
                                   "object"))
        .ns;
  };
  CHECK(ns_of(R"("apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole")").empty());
  CHECK(ns_of(R"("apiVersion":"v1","kind":"Namespace")").empty());
  CHECK(ns_of(R"("apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role")") == "shop");
  CHECK(ns_of(R"("apiVersion":"example.org/v1","kind":"StorageClass")") == "shop"); // another one
}

TEST_CASE("kubectl: an apply sends the set as lines, and names its field manager") {
  Lab lab;
  lab.kubectl.answers(R"({"kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":)"
                      R"({"name":"m","namespace":"shop"}},{"kind":"Service"}]})",
                      "Warning: spec.x is old\nnoise\nWarning: spec.y\n");
  const auto answer = lab.cluster->apply(kSet, {.manager = "hello", .deadline = generous()});
  REQUIRE(answer);
  CHECK(lab.args() == Words{"apply", "--server-side", "--field-manager=hello", "--validate=ignore",
                            "-f=-", "-o=json", "--show-managed-fields"});
  CHECK(lab.input() == kSetLines);
  REQUIRE(answer->objects.size() == 2);
  CHECK(answer->objects[0].id == kMap);
  CHECK(answer->objects[1].id.kind == "Service");
  CHECK(answer->warnings == Words{"spec.x is old", "spec.y"});
}

TEST_CASE("kubectl: one that is started ahead serves the apply that it was started for") {
  Lab lab;
  const auto apply = [&](const std::string &manager) {
    return lab.cluster->apply(kSet, {.manager = manager, .deadline = generous()});
  };
  lab.cluster->prepare_apply({.manager = "hello"});
  REQUIRE(tests::eventually([&] { return lab.kubectl.calls().size() == 1; }));
  REQUIRE(apply("hello"));
  CHECK(lab.kubectl.calls().size() == 1);
  CHECK(lab.input() == kSetLines);
  lab.cluster->prepare_apply({.manager = "hello", .force = true});
  REQUIRE(tests::eventually([&] { return lab.kubectl.calls().size() == 2; }));
  REQUIRE(apply("hello")); // another one: without force
  CHECK(lab.args().back() == "--show-managed-fields");
  CHECK(lab.input() == kSetLines);
}

TEST_CASE("kubectl: a dry run changes nothing, and does not wait forever") {
  Lab lab;
  lab.kubectl.answers(
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","namespace":"shop"}})");
  const auto answer = lab.cluster->dry_run(kSet, {.manager = "hello", .deadline = generous()});
  CHECK(lab.args() == Words{"apply", "--server-side", "--field-manager=hello", "--validate=ignore",
                            "-f=-", "-o=json", "--show-managed-fields", "--dry-run=server"});
  CHECK(lab.input() == kSetLines);
  REQUIRE(answer);
  REQUIRE(answer->objects.size() == 1); // kubectl writes one object without a list around it
  CHECK(answer->objects[0].id == kMap);
  CHECK(answer->warnings.empty());
}

TEST_CASE("kubectl: force is passed on, and the user's own arguments come last") {
  Lab lab;
  const Words extra = {"--field-manager=other", "-v=9"};
  const auto answer = lab.cluster->apply(
      kSet, {.manager = "hello", .force = true, .extra = extra, .deadline = generous()});
  REQUIRE(answer);
  CHECK(answer->objects.empty()); // of an answer without a byte
  const Words words = lab.args();
  REQUIRE(words.size() > 3);
  CHECK(Words(words.end() - 3, words.end()) ==
        Words{"--force-conflicts", "--field-manager=other", "-v=9"});
}

TEST_CASE("kubectl: without a context none is named") {
  FakeKubectl kubectl;
  const auto cluster = kube::connect({"", "shop"});
  kubectl.answers(R"({"kind":"List"})");
  CHECK(cluster->apply(kSet, {.manager = "hello", .deadline = generous()}));
  CHECK(kubectl.calls().at(0).args.at(0) == "apply");
}

TEST_CASE("kubectl: an apply that is refused says why, with the fields in conflict") {
  Lab lab;
  lab.kubectl.answers(
      "", "error: Apply failed with 1 conflict: conflict with \"them\" using v1: .data.n\n", 1);
  const auto answer = lab.cluster->apply(kSet, {.manager = "hello", .deadline = generous()});
  REQUIRE(answer.failed_with(Trouble::conflict));
  REQUIRE(answer.failure().conflicts.size() == 1);
  REQUIRE(answer.failure().conflicts[0].size() == 1);
  CHECK(answer.failure().conflicts[0][0].path == ".data.n");
  CHECK(answer.failure().conflicts[0][0].manager == "them");
}

TEST_CASE("kubectl: one that does not end is ended at the time limit") {
  Lab lab;
  lab.kubectl.answers("{}");
  lab.kubectl.stays();
  const auto soon = sys::Clock::now() + 100ms;
  const auto answer = lab.cluster->apply(kSet, {.manager = "hello", .deadline = soon});
  REQUIRE(answer.failed_with(Trouble::timed_out));
  CHECK_FALSE(answer.failure().retryable);
}

TEST_CASE("kubectl: an answer that is no JSON object is an error that shows it") {
  Lab lab;
  for (const char *text : {"Hello from a wrapper\nmore", "[1]", "{\"kind\":\"List\",", "\"x\""}) {
    CAPTURE(text);
    lab.kubectl.answers(text);
    const std::string words = error_of(
        [&] { (void)lab.cluster->apply(kSet, {.manager = "hello", .deadline = generous()}); },
        Exit::cluster);
    const std::string line(
        text, std::string(text).find('\n') == std::string::npos ? std::string(text).size() : 20);
    CHECK(words ==
          "kubectl's answer is not a Kubernetes object: " + line +
              "\n  is an API server at the address that 'kubectl config view --minify' shows, "
              "and the kubectl in PATH, or in KUBECTL, really kubectl?");
  }
}

TEST_CASE("kubectl: a removal names what the object must still be") {
  Lab lab;
  test::HttpApi &api = lab.kubectl.api();
  api.on(kMapPath, 200, "{}");
  api.on(kEntryPath, 202, "{}");
  REQUIRE(lab.cluster->remove(kMap, {"uid-1", "7"}, generous()));
  REQUIRE(lab.cluster->remove(kEntry, {}, generous()));
  CHECK(api.requests().at(0).method == "DELETE");
  CHECK(api.requests().at(0).body ==
        R"({"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background",)"
        R"("preconditions":{"uid":"uid-1","resourceVersion":"7"}})");
  CHECK(api.requests().at(1).target == kEntryPath);
  CHECK(api.requests().at(1).body ==
        R"({"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background",)"
        R"("preconditions":{}})");
  api.on(kMapPath, 409, status("Conflict", "the UID in the precondition does not match"));
  CHECK(lab.cluster->remove(kMap, {"uid-1", ""}, generous()).failed_with(Trouble::stale));
  api.on(kMapPath, 404, status("NotFound"));
  CHECK(lab.cluster->remove(kMap, {}, generous()).failed_with(Trouble::not_found));
  CHECK(lab.kubectl.calls().empty());
}

TEST_CASE("kubectl: where the API server is too busy, kubectl is called again") {
  const std::string busy = "Error from server (TooManyRequests): the server has received too many "
                           "requests and has asked us to try again later";
  using Call = std::function<bool(kube::Cluster &, sys::Deadline)>;
  const std::pair<const char *, Call> calls[] = {
      {"dry run",
       [](kube::Cluster &it, sys::Deadline end) {
         return bool(it.dry_run(kSet, {.manager = "hello", .deadline = end}));
       }},
      {"apply",
       [](kube::Cluster &it, sys::Deadline end) {
         return bool(it.apply(kSet, {.manager = "hello", .deadline = end}));
       }},
      {"objects", [](kube::Cluster &it, sys::Deadline) { return bool(it.objects_in("shop")); }},
  };
  for (const auto &row : calls) {
    INFO(row.first);
    Lab lab;
    lab.kubectl.answers(R"({"apiVersion":"v1","kind":"ConfigMap"})");
    lab.kubectl.answers_call(0, "", busy, 1);
    CHECK(row.second(*lab.cluster, generous()));
    CHECK(lab.kubectl.calls().size() >= 2);
  }
}

TEST_CASE("kubectl: where the API server is too busy, writes are repeated until their deadline") {
  using Call = std::function<bool(kube::Cluster &, sys::Deadline)>;
  const std::pair<std::string, Call> calls[] = {
      {kMapPath,
       [](kube::Cluster &it, sys::Deadline end) { return bool(it.remove(kMap, {}, end)); }},
      {kEntries + kByHello,
       [](kube::Cluster &it, sys::Deadline end) {
         return bool(it.create(kEntry, "{}", "hello", end));
       }},
      {kEntryPath + kByHello, [](kube::Cluster &it, sys::Deadline end) {
         return bool(it.patch(kEntry, "{}", "hello", end));
       }}};
  for (const auto &row : calls) {
    INFO(row.first);
    Lab lab;
    lab.kubectl.api().on(row.first, 200, "{}");
    lab.kubectl.api().once(row.first, 429, status("TooManyRequests"));
    CHECK(row.second(*lab.cluster, generous()));
    CHECK(lab.kubectl.api().count(row.first) == 2);
  }
  Lab lab;
  lab.kubectl.api().on(kMapPath, 429, status("TooManyRequests"));
  CHECK_FALSE(lab.cluster->remove(kMap, {}, sys::Clock::now() + 900ms));
  CHECK(lab.kubectl.api().count(kMapPath) == 1);
  // for an eviction it is an answer: a budget forbids it
  CHECK(lab.cluster->post(kMapPath, "{}", generous()).failed_with(Trouble::too_many_requests));
  CHECK(lab.kubectl.api().count(kMapPath) == 2);
  // a lock that is renewed is renewed again soon
  CHECK(lab.cluster->replace(kMap, "{}", generous()).failed_with(Trouble::too_many_requests));
  CHECK(lab.kubectl.api().count(kMapPath) == 3);
}

TEST_CASE("kubectl: the limit of the run ends all calls") {
  Lab lab;
  lab.kubectl.stays();
  const auto start = sys::Clock::now();
  lab.cluster->set_limit(start + 300ms);
  CHECK(lab.cluster->apply(kSet, {.manager = "hello", .deadline = generous()})
            .failed_with(Trouble::timed_out));
  lab.kubectl.api().on(kMapPath, 429, status("TooManyRequests"));
  CHECK(lab.cluster->remove(kMap, {}, generous()).failure().retryable);
  CHECK(sys::Clock::now() - start < 20s);
}

TEST_CASE("kubectl: a read ends at the limit of the run, too") {
  Lab lab;
  const std::string busy = R"({"kind":"Status","reason":"TooManyRequests","code":429})";
  lab.kubectl.api().on("/api/v1/namespaces/shop/configmaps/m", 429, busy);
  lab.cluster->set_limit(sys::Clock::now() + 1500ms);
  const auto start = sys::Clock::now();
  CHECK(lab.cluster->read(kMap).failed_with(Trouble::too_many_requests));
  CHECK(lab.kubectl.api().requests().size() >= 2);
  CHECK(sys::Clock::now() - start < 20s);
}

TEST_CASE("kubectl: an object is created from bytes that are passed on as they are") {
  Lab lab;
  const std::string bytes = "{\"a\": \"\\u003c\",  \"b\":1.0e+3}";
  lab.kubectl.api().on(kEntries + kByHello, 201, R"({"metadata":{"uid":"u"}})");
  const auto made = lab.cluster->create(kEntry, bytes, "hello", generous());
  REQUIRE(made);
  CHECK(made->text("metadata", "uid") == "u"); // what was stored
  CHECK(lab.kubectl.api().requests().at(0).method == "POST");
  CHECK(lab.kubectl.api().requests().at(0).body == bytes);
  lab.kubectl.api().on(kEntries + kByHello, 409, status("AlreadyExists"));
  CHECK(
      lab.cluster->create(kEntry, bytes, "hello", generous()).failed_with(Trouble::already_exists));
}

TEST_CASE("kubectl: a change is put in the place of the version that it names") {
  Lab lab;
  lab.kubectl.api().on(kMapPath, 200, R"({"kind":"ConfigMap","metadata":{"uid":"u"}})");
  const auto stored = lab.cluster->replace(kMap, R"({"a":1})", generous());
  REQUIRE(stored);
  CHECK(stored->text("metadata", "uid") == "u");
  CHECK(lab.kubectl.api().requests().at(0).method == "PUT");
  CHECK(lab.kubectl.api().requests().at(0).body == R"({"a":1})");
  lab.kubectl.api().on(kMapPath, 409, status("Conflict", "the object has been modified"));
  CHECK(lab.cluster->replace(kMap, "{}", generous()).failed_with(Trouble::stale));
}

TEST_CASE("kubectl: a patch is a merge patch") {
  Lab lab;
  const std::string change = R"({"metadata":{"labels":{"hello/state":"ready"}}})";
  lab.kubectl.api().on(kEntryPath + kByHello, 200, "{}");
  CHECK(lab.cluster->patch(kEntry, change, "hello", generous()));
  const auto request = lab.kubectl.api().requests().at(0);
  CHECK(request.method == "PATCH");
  CHECK(request.type == "application/merge-patch+json");
  CHECK(request.body == change);
  lab.kubectl.api().on(kEntryPath + kByHello, 403,
                       status("Forbidden", R"(controllerrevisions.apps \"hello-release-7\" is )"
                                           R"(forbidden: User \"ci\" cannot patch resource )"
                                           R"(\"controllerrevisions\" in API group \"apps\" in )"
                                           R"(the namespace \"shop\")"));
  const auto refused = lab.cluster->patch(kEntry, "{}", "hello", generous());
  REQUIRE(refused.failed_with(Trouble::forbidden));
  CHECK(refused.failure().rule ==
        "a Role in namespace shop with this rule gives it: {apiGroups: [\"apps\"], resources: "
        "[controllerrevisions], verbs: [patch]}");
}

TEST_CASE("kubectl: the account's name is asked for") {
  Lab lab;
  const std::string reviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  lab.kubectl.api().on(reviews, 201,
                       R"({"status":{"userInfo":{"username":"system:serviceaccount:ci:a"}}})");
  const auto name = lab.cluster->who_am_i(generous());
  REQUIRE(name);
  CHECK(*name == "system:serviceaccount:ci:a");
  lab.kubectl.api().on(reviews, 401, status("Unauthorized"));
  CHECK(lab.cluster->who_am_i(generous()).failed_with(Trouble::unauthorized));
}

TEST_CASE("kubectl: a forward has the address that kubectl prints") {
  Lab lab;
  lab.kubectl.answers("Forwarding from 127.0.0.1:40123 -> 8080\n");
  lab.kubectl.stays();
  const auto forward = lab.cluster->forward("service/hello", "http");
  const auto address = forward->address(generous());
  REQUIRE(address);
  CHECK(*address == "127.0.0.1:40123");
  CHECK(lab.args() ==
        Words{"--namespace=shop", "port-forward", "--address=127.0.0.1", "service/hello", ":http"});
}

TEST_CASE("kubectl: a forward that does not come about says why") {
  Lab lab;
  lab.kubectl.answers(
      "", "error: unable to forward port because pod is not running. Current status=Pending\n", 1);
  const auto refused = lab.cluster->forward("pod/a", "8080")->address(generous());
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().words ==
        "error: unable to forward port because pod is not running. Current status=Pending");
  CHECK(refused.failure().by_kubectl);
  lab.kubectl.answers("something else\n",
                      "Unable to connect to the server: dial tcp: connection refused\n", 1);
  CHECK(
      lab.cluster->forward("pod/a", "8080")->address(generous()).failed_with(Trouble::unreachable));
  lab.kubectl.answers("", "");
  lab.kubectl.stays(); // without a word
  CHECK(lab.cluster->forward("pod/a", "8080")
            ->address(sys::Clock::now() + 100ms)
            .failed_with(Trouble::timed_out));
}

TEST_CASE("kubectl: the objects of a namespace are those of every kind that people make") {
  Lab lab;
  lab.kubectl.answers_call(0, R"(configmaps      cm   v1                     true   ConfigMap
endpoints       ep   v1                     true   Endpoints
events          ev   v1                     true   Event
nodes           no   v1                     false  Node
deployments          apps/v1                true   Deployment
endpointslices       discovery.k8s.io/v1    true   EndpointSlice
events          ev   events.k8s.io/v1       true   Event
pods                 metrics.k8s.io/v1beta1 true   PodMetrics
)");
  lab.kubectl.answers_call(1, R"(v1       ConfigMap   kube-root-ca.crt  u1  <none>  <none>   <none>
apps/v1  ReplicaSet  web-1             u2  u0      apps/v1  Deployment
v1       Pod         proxy             u3  u2,n    apps/v1,v1  ReplicaSet,Node
)");
  const auto found = lab.cluster->objects_in("logging");
  const auto calls = lab.kubectl.calls();
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].args == Words{"--context=lab", "api-resources", "--verbs=list", "--no-headers"});
  CHECK(lab.args() ==
        Words{"get", "configmaps,deployments.apps", "--namespace=logging", "--no-headers",
              "--ignore-not-found",
              "-o=custom-columns=V:.apiVersion,K:.kind,N:.metadata.name,U:.metadata.uid,"
              "O:.metadata.ownerReferences[*].uid,A:.metadata.ownerReferences[*].apiVersion,"
              "B:.metadata.ownerReferences[*].kind"});
  REQUIRE(found);
  REQUIRE(found->size() == 3);
  CHECK((*found)[0].name == "kube-root-ca.crt");
  CHECK((*found)[0].group.empty());
  CHECK((*found)[0].owners.empty());
  CHECK((*found)[1].kind == "ReplicaSet");
  CHECK((*found)[1].group == "apps");
  CHECK((*found)[1].uid == "u2");
  CHECK((*found)[1].owners == Words{"u0"});
  CHECK_FALSE((*found)[1].owned_outside);
  CHECK((*found)[2].owners == Words{"u2", "n"});
  CHECK((*found)[2].owned_outside); // by a node
}

TEST_CASE("kubectl: where one kind may not be listed, the objects of a namespace are unknown") {
  Lab lab;
  const std::string refusal = "Error from server (Forbidden): deployments.apps is forbidden: User "
                              "\"ci\" cannot list resource \"deployments\"";
  lab.kubectl.answers_call(0, "configmaps cm v1 true ConfigMap\n");
  lab.kubectl.answers_call(1, "v1 ConfigMap m u <none> <none> <none>\n", refusal, 1);
  CHECK(lab.cluster->objects_in("shop").failed_with(Trouble::forbidden));
  lab.kubectl.answers_call(2, "", "Unable to connect to the server: EOF", 1);
  CHECK(lab.cluster->objects_in("shop").failed_with(Trouble::unreachable));
}

TEST_CASE("kubectl: an object that kubectl apply made too is applied without kubectl apply") {
  Lab lab;
  const std::string path = "/api/v1/namespaces/shop/configmaps/m", query = "?fieldManager=hello&";
  const kube::Object map{kMap, json::parse(R"({"kind":"ConfigMap","data":{"a":"b"}})", "map")};
  const auto apply = [&](bool force) {
    return lab.cluster->apply(
        {&map, 1},
        {.manager = "hello", .force = force, .beside_kubectl = true, .deadline = generous()});
  };
  lab.kubectl.api().on(path + query + "force=true", 200,
                       R"({"kind":"ConfigMap","metadata":{"uid":"u"}})");
  const auto done = apply(true);
  REQUIRE(done);
  CHECK(done->objects.at(0).id == kMap);
  CHECK(done->objects.at(0).value.text("metadata", "uid") == "u");
  CHECK(lab.kubectl.calls().empty());
  const auto request = lab.kubectl.api().requests().at(0);
  CHECK(request.method == "PATCH");
  CHECK(request.type == "application/apply-patch+yaml");
  CHECK(request.body == R"({"kind":"ConfigMap","data":{"a":"b"}})");
  lab.kubectl.api().on(path + query + "force=false", 409,
                       R"({"kind":"Status","reason":"Conflict","message":"Apply failed with 1 )"
                       R"(conflict","details":{"causes":[{"reason":"FieldManagerConflict",)"
                       R"("message":"conflict with \"kubectl-client-side-apply\" using v1",)"
                       R"("field":".data.a"}]}})");
  const auto refused = apply(false);
  REQUIRE(refused.failed_with(Trouble::conflict));
  CHECK(refused.failure().conflicts.at(0).at(0).manager == "kubectl-client-side-apply");
}

TEST_CASE("kubectl: the current context is asked for, and may be none") {
  FakeKubectl kubectl;
  kubectl.answers("lab\n");
  CHECK(kube::current_context() == "lab");
  CHECK(kubectl.calls().at(0).args == Words{"config", "current-context"});
  kubectl.answers("", "error: current-context is not set\n", 1);
  CHECK(kube::current_context().empty());
}

TEST_CASE("kubectl: where there is none, connecting says how to name it") {
  const FakeKubectl restores_the_variable;
  ::setenv("KUBECTL", "/no/such/kubectl", 1);
  CHECK(error_of(
            [] {
              (void)kube::connect({"lab", "shop"});
            },
            Exit::failure)
            .starts_with("cannot find kubectl: KUBECTL is /no/such/kubectl\n  install it"));
}
