#include <doctest/doctest.h>

#include <csignal>
#include <thread>

#include "support/eventually.h"
#include "support/kubectl_lab.h"

using namespace hello;
using namespace std::chrono_literals;
using namespace hello::test;
using kube::Trouble;

TEST_CASE("kubectl: the proxy is one for all reads") {
  Lab lab;
  lab.kubectl.api().on(kPods + "/a", 200, R"({"kind":"Pod","metadata":{"uid":"u"}})");
  for (int i = 0; i < 3; ++i) {
    const auto pod = lab.cluster->read({"v1", "Pod", "shop", "a"});
    REQUIRE(pod);
    CHECK(pod->text("metadata", "uid") == "u");
  }
  CHECK(lab.kubectl.calls().empty());
  const Words proxy = lab.kubectl.proxy_args();
  REQUIRE(proxy.size() == 3);
  CHECK(proxy[0] == "--context=lab");
  CHECK(proxy[1] == "proxy");
  CHECK(proxy[2].starts_with("--unix-socket=/"));
}

TEST_CASE("kubectl: its directory goes with the cluster") {
  std::string socket;
  {
    Lab lab;
    (void)lab.cluster->serves("v1");
    socket = lab.kubectl.proxy_args().at(2).substr(std::string("--unix-socket=").size());
    CHECK(std::filesystem::is_symlink(socket));
  }
  CHECK_FALSE(std::filesystem::exists(std::filesystem::path(socket).parent_path()));
}

TEST_CASE("kubectl: a proxy that cannot start is an error of the first read") {
  FakeKubectl kubectl;
  kubectl.refuses_to_proxy("error: context \"lab\" does not exist\n");
  const auto cluster = kube::connect({"lab", "shop"});
  const std::string words = error_of([&] { (void)cluster->read(kMap); }, Exit::cluster);
  CHECK(words.find("start kubectl proxy") != words.npos);
  CHECK(words.find("context \"lab\" does not exist") != words.npos);
}

TEST_CASE("kubectl: a proxy that ends in the middle is started again") {
  Lab lab;
  lab.kubectl.api().on(kMapPath, 200, R"({"kind":"ConfigMap"})");
  REQUIRE(lab.cluster->read(kMap));
  const pid_t first = lab.kubectl.proxy_pid();
  ::kill(first, SIGKILL);
  CHECK(hello::tests::eventually(
      [&] { return lab.cluster->read(kMap) && lab.kubectl.proxy_pid() != first; }));
}

TEST_CASE("kubectl: a signal ends a request that hangs at once") {
  Lab lab;
  lab.kubectl.api().on(kMapPath, 200, R"({"kind":"ConfigMap"})");
  REQUIRE(lab.cluster->read(kMap));
  const std::string hangs = kPods + "?watch=1"; // an answer without an end
  {
    const sys::Interrupts interrupts("interrupted", "");
    const auto start = sys::Clock::now();
    std::thread signal([&] {
      lab.kubectl.api().streams(1);
      ::raise(SIGTERM);
    });
    CHECK_THROWS_AS((void)lab.cluster->fetch(hangs), Error);
    CHECK(sys::Clock::now() - start < 15s);
    signal.join();
  }
  const sys::Interrupts next("", ""); // forgets the signal
  CHECK(lab.cluster->read(kMap));
}

TEST_CASE("kubectl: a kind whose plural was guessed wrong is looked up in discovery") {
  Lab lab;
  auto &api = lab.kubectl.api();
  api.on(
      "/apis/example.com/v1", 200,
      R"({"resources":[{"name":"gizmo/status","kind":"Gizmo"},{"name":"widgets","kind":"Widget"},)"
      R"({"name":"gizmo","kind":"Gizmo"}]})");
  api.on("/apis/example.com/v1/namespaces/shop/gizmo/g", 200, R"({"kind":"Gizmo"})");
  const auto found = lab.cluster->read({"example.com/v1", "Gizmo", "shop", "g"});
  REQUIRE(found);
  CHECK(found->text("kind") == "Gizmo");
  CHECK(api.count("/apis/example.com/v1/namespaces/shop/gizmos/g") == 1);
  CHECK(lab.cluster->read({"example.com/v1", "Gadget", "shop", "g"})
            .failed_with(Trouble::unknown_kind));
  CHECK(lab.cluster->read({"example.com/v2", "Gizmo", "shop", "g"})
            .failed_with(Trouble::unknown_kind));
}

TEST_CASE("kubectl: a wrong plural is looked up too where the server refuses it unseen") {
  Lab lab;
  auto &api = lab.kubectl.api();
  const std::string group = "/apis/example.com/v1", place = group + "/namespaces/shop/";
  const auto refuse = [&](const std::string &plural) {
    api.on(
        place + plural + "/g", 403,
        R"({"kind":"Status","reason":"Forbidden","message":"User \"ci\" cannot get resource \")" +
            plural + R"(\" in API group \"example.com\" in the namespace \"shop\"","code":403})");
  };
  api.on(group, 200, R"({"resources":[{"name":"gizmi","kind":"Gizmo"}]})");
  refuse("gizmos");
  refuse("gizmi");
  const kube::Id gizmo{"example.com/v1", "Gizmo", "shop", "g"};
  const auto refused = lab.cluster->read(gizmo);
  REQUIRE(refused.failed_with(Trouble::forbidden));
  CHECK(refused.failure().rule.find("resources: [gizmi]") != std::string::npos);
  api.on(place + "gizmi/g", 200, R"({"kind":"Gizmo"})");
  CHECK(lab.cluster->read(gizmo));
  api.on(place + "gadgets/g", 403, R"({"kind":"Status","reason":"Forbidden","code":403})");
  CHECK(lab.cluster
            ->read({"example.com/v1", "Gadget", "shop", "g"}) // its definition is to come
            .failed_with(Trouble::unknown_kind));
}

TEST_CASE("kubectl: a read that fails says which way") {
  Lab lab;
  auto &api = lab.kubectl.api();
  const std::string path = "/api/v1/namespaces/shop/configmaps/m";
  api.on(path, 404,
         R"({"kind":"Status","reason":"NotFound","message":"configmaps \"m\" not found",)"
         R"("details":{"name":"m","kind":"configmaps"},"code":404})");
  CHECK(lab.cluster->read(kMap).failed_with(Trouble::not_found));
  api.on(path, 403,
         R"({"kind":"Status","reason":"Forbidden","message":"configmaps \"m\" is )"
         R"(forbidden: User \"ci\" cannot get resource \"configmaps\" in API group \"\" in the )"
         R"(namespace \"shop\"","code":403})");
  const auto refused = lab.cluster->read(kMap);
  REQUIRE(refused.failed_with(Trouble::forbidden));
  CHECK(refused.failure().rule.find("verbs: [get]") != std::string::npos);
  api.on(path, 502, "dial tcp 127.0.0.1:6443: connect: connection refused\n");
  const auto away = lab.cluster->read(kMap);
  REQUIRE(away.failed_with(Trouble::unreachable));
  CHECK(away.failure().retryable);
  api.on(path, 200, "not JSON");
  CHECK(error_of([&] { (void)lab.cluster->read(kMap); }, Exit::cluster) ==
        "ConfigMap/m is not a Kubernetes object: not JSON\n  is an API server at the address that "
        "'kubectl "
        "config view --minify' shows, and the kubectl in PATH, or in KUBECTL, really kubectl?");
  api.on(path, 200, R"({"ok":true})"); // another service
  CHECK_THROWS_WITH((void)lab.cluster->read(kMap),
                    "ConfigMap/m is not a Kubernetes object: {\"ok\":true}");
  lab.kubectl.stop();
  const auto gone = lab.cluster->read(kMap);
  REQUIRE(gone.failed_with(Trouble::unreachable));
  CHECK(gone.failure().retryable);
}

TEST_CASE("kubectl: look_up tells absent and unreadable apart, and throws for the rest") {
  Lab lab;
  auto &api = lab.kubectl.api();
  const kube::Id ns{"v1", "Namespace", "", "shop"};
  CHECK(kube::look_up(*lab.cluster, ns).state == kube::Live::State::absent);
  api.on("/api/v1/namespaces/shop", 200,
         R"({"kind":"Namespace","metadata":{"uid":"u","deletionTimestamp":"t"}})");
  const kube::Live live = kube::look_up(*lab.cluster, ns);
  CHECK(live.present());
  CHECK(live.being_removed());
  CHECK(live.value.text("metadata", "uid") == "u");
  api.on("/api/v1/namespaces/shop", 403, "forbidden");
  api.on("/api/v1/namespaces/shop/configmaps/m", 403, "forbidden");
  CHECK(kube::look_up(*lab.cluster, ns).state == kube::Live::State::unreadable);
  CHECK_THROWS_AS((void)kube::look_up(*lab.cluster, kMap), Error);
}

TEST_CASE(
    "kubectl: a list has its selectors in the query, and asks for metadata where that is all") {
  Lab lab;
  auto &api = lab.kubectl.api();
  const std::string path = "/apis/apps/v1/namespaces/shop/"
                           "deployments?labelSelector=a=b,c=d&fieldSelector=metadata.name=x";
  api.on(path, 200,
         R"({"kind":"DeploymentList","metadata":{"resourceVersion":"5"},"items":[{"metadata":)"
         R"({"name":"x"}},{"metadata":{"name":"y"}}]})");
  Words names;
  const auto take = [&](json::Value &&object) { names.push_back(object.text("metadata", "name")); };
  using Detail = kube::Collection::Detail;
  for (const Detail detail : {Detail::full, Detail::metadata})
    CHECK_FALSE(lab.cluster->list(
        {"apps/v1", "Deployment", "shop", "a=b,c=d", "metadata.name=x", detail}, take));
  CHECK(names == Words{"x", "y", "x", "y"});
  const auto requests = api.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].accept == "application/json");
  CHECK(requests[1].accept ==
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json");
}

TEST_CASE("kubectl: a list of nothing, of an unknown kind, refused, and not JSON") {
  Lab lab;
  auto &api = lab.kubectl.api();
  int taken = 0;
  const auto take = [&](json::Value &&) { ++taken; };
  api.on("/api/v1/nodes", 200, R"({"items":null})");
  CHECK_FALSE(lab.cluster->list({"v1", "Node", ""}, take));
  const auto unknown = lab.cluster->list({"v1", "Pod", "shop"}, take);
  REQUIRE(unknown);
  CHECK(unknown->trouble == Trouble::unknown_kind);
  CHECK(unknown->absent());
  api.on(kPods, 403, R"({"kind":"Status","reason":"Forbidden","message":"no","code":403})");
  const auto refused = lab.cluster->list({"v1", "Pod", "shop"}, take);
  REQUIRE(refused);
  CHECK(refused->trouble == Trouble::forbidden);
  CHECK(taken == 0);
  for (const char *text : {"<html>", "{\"items\":[{},", "[]", ""}) {
    CAPTURE(text);
    api.on(kPods, 200, text);
    const std::string words = error_of(
        [&] {
          (void)lab.cluster->list({"v1", "Pod", "shop"}, take);
        },
        Exit::cluster);
    CHECK(words.find("list is not a Kubernetes object") == 0);
  }
}

TEST_CASE("kubectl: an API version is served if its discovery answers") {
  Lab lab;
  lab.kubectl.api().on("/apis/metrics.k8s.io/v1beta1", 200, "{}");
  lab.kubectl.api().on("/apis/metrics.k8s.io/v1", 503, "service unavailable");
  CHECK(lab.cluster->serves("metrics.k8s.io/v1beta1"));
  CHECK_FALSE(lab.cluster->serves("metrics.k8s.io/v1"));
  CHECK_FALSE(lab.cluster->serves("v2"));
}

TEST_CASE("kubectl: a log's query is in its path") {
  Lab lab;
  auto &api = lab.kubectl.api();
  const std::string path = kPods + "/a/log?container=hello";
  struct {
    kube::LogQuery query;
    const char *more;
  } rows[] = {
      {{}, ""},
      {{.tail_lines = 0}, "&tailLines=0"},
      {{.tail_lines = 5,
        .since_seconds = 60,
        .limit_bytes = 1000,
        .previous = true,
        .timestamps = true},
       "&timestamps=true&previous=true&tailLines=5&sinceSeconds=60&limitBytes=1000"},
      {{.since_time = "2026-11-23T04:00:00+01:00"}, "&sinceTime=2026-11-23T04:00:00+01:00"}};
  for (const auto &row : rows) {
    const auto &[query, more] = row;
    CAPTURE(row.more);
    api.on(path + more, 200, std::string("log of ") + more);
    const auto log = lab.cluster->log("a", "hello", query);
    REQUIRE(log);
    CHECK(*log == std::string("log of ") + more);
  }
}

TEST_CASE("kubectl: the log of a container that is gone is absent") {
  Lab lab;
  auto &api = lab.kubectl.api();
  const std::string path = kPods + "/a/log?container=hello";
  api.on(path, 200, "unable to retrieve container logs for containerd://0123");
  const auto removed = lab.cluster->log("a", "hello", {});
  REQUIRE_FALSE(removed);
  CHECK(removed.failure().absent());
  api.on(path, 400,
         R"({"kind":"Status","reason":"BadRequest","message":"container \"hello\" is )"
         R"(waiting","code":400})");
  CHECK(lab.cluster->log("a", "hello", {}).failed_with(Trouble::invalid));
}

TEST_CASE("kubectl: a log is followed until the other end closes, or enough was read") {
  Lab lab;
  auto &api = lab.kubectl.api();
  std::string read;
  {
    const auto stream = lab.cluster->follow_log("a", "hello", {.tail_lines = 2});
    std::thread kubelet([&] {
      CHECK(api.streams(1));
      api.send(0, "one\ntw");
      api.send(0, "o\n");
      api.end(0);
    });
    CHECK_FALSE(stream->run([&](std::string_view bytes) {
      read += bytes;
      return true;
    }));
    kubelet.join();
  }
  CHECK(read == "one\ntwo\n");
  CHECK(api.count(kPods + "/a/log?container=hello&tailLines=2&follow=true") == 1);

  const auto stream = lab.cluster->follow_log("a", "hello", {});
  std::thread kubelet([&] {
    CHECK(api.streams(2));
    api.send(1, "x");
  });
  CHECK_FALSE(stream->run([&](std::string_view) { return false; }));
  kubelet.join();
}

TEST_CASE("kubectl: a followed log can be stopped, refused and broken off") {
  Lab lab;
  auto &api = lab.kubectl.api();
  const auto keep = [](std::string_view) { return true; };
  const auto stream = lab.cluster->follow_log("a", "hello", {});
  std::thread other([&] {
    CHECK(api.streams(1));
    stream->stop();
  });
  CHECK(stream->run(keep)); // a connection that ended without an end
  other.join();
  api.on(kPods + "/b/log?container=hello&follow=true", 403, "no");
  const auto refused = lab.cluster->follow_log("b", "hello", {})->run(keep);
  REQUIRE(refused);
  CHECK(refused->trouble == Trouble::forbidden);
  const auto broken = lab.cluster->follow_log("a", "hello", {});
  std::thread kubelet([&] {
    CHECK(api.streams(2));
    api.send(1, "x");
    api.drop(1);
  });
  CHECK(broken->run(keep));
  kubelet.join();
}
