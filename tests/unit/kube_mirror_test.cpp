#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include <fmt/core.h>

#include "hello/kube.h"
#include "support/fake_kubectl.h"

using namespace hello;
using namespace std::chrono_literals;
using hello::test::FakeKubectl;
using hello::test::HttpApi;
using kube::Trouble;

namespace {

const std::string kPods = "/api/v1/namespaces/shop/pods";
const std::string kNodes = "/api/v1/nodes";

std::string pod(const std::string &name, int version = 1) {
  return fmt::format(
      R"({{"kind":"Pod","metadata":{{"name":"{0}","uid":"uid-{0}","resourceVersion":"{1}"}}}})",
      name, version);
}

std::string list_of(const std::string &pods, int version) {
  return fmt::format(R"({{"kind":"PodList","metadata":{{"resourceVersion":"{}"}},"items":[{}]}})",
                     version, pods);
}

std::string change(const std::string &type, const std::string &object) {
  return fmt::format(R"({{"type":"{}","object":{}}})", type, object) + "\n";
}

std::string watch_of(const std::string &path, int version) {
  return fmt::format("{}{}watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion={}",
                     path, path.find('?') == path.npos ? "?" : "&", version);
}

/// "a1 b2": names with versions.
std::string read_pod(const json::Value &object) {
  return object.text("metadata", "name") + object.text("metadata", "resourceVersion");
}

/// A mirror of the pods of a namespace, and of what else a test wants.
struct Lab {
  FakeKubectl kubectl;
  HttpApi &api = kubectl.api();
  std::unique_ptr<kube::Cluster> cluster = kube::connect({"lab", "shop"});
  std::vector<std::string> pods, nodes;
  kube::Table<std::string> pod_table{pods, read_pod}, node_table{nodes, read_pod};
  std::unique_ptr<kube::Mirror> mirror;

  void watch_pods() { mirror = cluster->watch({{{"v1", "Pod", "shop"}, &pod_table}}); }

  std::string seen() const {
    std::vector<std::string> sorted = pods;
    std::sort(sorted.begin(), sorted.end());
    std::string out;
    for (const std::string &one : sorted) out += (out.empty() ? "" : " ") + one;
    return out;
  }

  /// Takes in news until `done`, generously.
  bool until(const std::function<bool()> &done) const {
    const auto deadline = sys::Clock::now() + 1min;
    while (!done())
      if (!mirror->wait(deadline)) return false;
    return true;
  }
  bool sees(const std::string &wanted) const {
    return until([&] { return seen() == wanted; });
  }
};

} // namespace

TEST_CASE("mirror: objects are listed, then followed from the list's version") {
  Lab lab;
  lab.api.on(kPods, 200, list_of(pod("a") + "," + pod("b"), 7));
  lab.watch_pods();
  CHECK_FALSE(lab.mirror->complete());
  REQUIRE(lab.sees("a1 b1"));
  CHECK(lab.mirror->complete());
  CHECK_FALSE(lab.mirror->offline());
  CHECK(lab.mirror->refused(0) == nullptr);
  REQUIRE(lab.api.streams(1));
  CHECK(lab.api.count(watch_of(kPods, 7)) == 1);
  lab.api.send(0, change("ADDED", pod("c", 8)) + change("MODIFIED", pod("a", 9)));
  CHECK(lab.sees("a9 b1 c8"));
  lab.api.send(0, change("DELETED", pod("a", 10)));
  CHECK(lab.sees("b1 c8"));
  lab.api.send(0, change("DELETED", pod("c", 11)) + change("DELETED", pod("none", 12)) +
                      change("DELETED", pod("b", 13)));
  CHECK(lab.sees(""));
  lab.api.send(0, change("ADDED", pod("a", 14)));
  CHECK(lab.sees("a14"));
  CHECK(lab.api.count(kPods) == 1);
}

TEST_CASE("mirror: an event may come in pieces, and several at once") {
  Lab lab;
  lab.api.on(kPods, 200, list_of("", 7));
  lab.watch_pods();
  REQUIRE(lab.api.streams(1));
  const std::string bytes = change("ADDED", pod("a", 8)) + change("ADDED", pod("b", 9));
  for (const char c : bytes) lab.api.send(0, std::string_view(&c, 1));
  CHECK(lab.sees("a8 b9"));
}

TEST_CASE("mirror: bookmarks change nothing") {
  Lab lab;
  lab.api.on(kPods, 200, list_of(pod("a"), 7));
  lab.watch_pods();
  REQUIRE(lab.api.streams(1));
  lab.api.send(0, change("BOOKMARK", R"({"kind":"Pod","metadata":{"resourceVersion":"99"}})") +
                      change("ADDED", pod("b", 8)));
  CHECK(lab.sees("a1 b8"));
}

TEST_CASE("mirror: selectors are part of list and watch") {
  Lab lab;
  const std::string path = kPods + "?labelSelector=app=x";
  lab.api.on(path, 200, list_of(pod("a"), 3));
  lab.mirror = lab.cluster->watch({{{"v1", "Pod", "shop", "app=x"}, &lab.pod_table}});
  REQUIRE(lab.sees("a1"));
  REQUIRE(lab.api.streams(1));
  CHECK(lab.api.count(watch_of(path, 3)) == 1);
}

TEST_CASE("mirror: after 410 Gone it lists again, and what is gone goes") {
  Lab lab;
  lab.api.on(kPods, 200, list_of(pod("a") + "," + pod("b"), 7));
  lab.watch_pods();
  REQUIRE(lab.sees("a1 b1"));
  REQUIRE(lab.api.streams(1));
  lab.api.on(kPods, 200, list_of(pod("b", 20), 21));
  lab.api.send(0, change("ERROR", R"({"kind":"Status","code":410,"reason":"Expired"})"));
  CHECK(lab.sees("b20"));
  REQUIRE(lab.api.streams(2));
  CHECK(lab.api.count(watch_of(kPods, 21)) == 1);
  CHECK_FALSE(lab.mirror->offline());
}

TEST_CASE("mirror: a watch that ends, or breaks off, is followed by a list and another watch") {
  Lab lab;
  lab.api.on(kPods, 200, list_of(pod("a"), 7));
  lab.watch_pods();
  REQUIRE(lab.api.streams(1));
  lab.api.on(kPods, 200, list_of(pod("b"), 8));
  lab.api.end(0);
  CHECK(lab.sees("b1"));
  REQUIRE(lab.api.streams(2));
  lab.api.on(kPods, 200, list_of(pod("c"), 9));
  lab.api.drop(1);
  CHECK(lab.sees("c1"));
  REQUIRE(lab.api.streams(3));
  lab.api.send(2, change("ADDED", pod("d", 10)));
  CHECK(lab.sees("c1 d10"));
}

TEST_CASE("mirror: through an outage it keeps what it had, and then lists again") {
  const std::pair<int, const char *> rows[] = {
      {502, "dial tcp: connect: connection refused"},
      {503, "apiserver not ready"},
      {429, R"({"kind":"Status","reason":"TooManyRequests","code":429})"}};
  for (const auto &row : rows) {
    INFO(row.first);
    Lab lab;
    lab.api.on(kPods, 200, list_of(pod("a"), 7));
    lab.watch_pods();
    REQUIRE(lab.sees("a1"));
    REQUIRE(lab.api.streams(1));
    lab.api.on(kPods, row.first, row.second);
    lab.api.drop(0);
    REQUIRE(lab.until([&] { return lab.mirror->offline(); }));
    CHECK(lab.mirror->complete()); // it was, once
    CHECK(lab.mirror->refused(0) == nullptr);
    CHECK(lab.seen() == "a1");
    lab.api.on(kPods, 200, list_of(pod("b"), 8));
    CHECK(lab.sees("b1"));
    CHECK_FALSE(lab.mirror->offline());
  }
}

TEST_CASE("mirror: a busy API server is listed again when it says so") {
  Lab lab;
  lab.api.retry_after = 2;
  lab.api.on(kPods, 429, "Too many requests, please try again later.\n");
  lab.watch_pods();
  REQUIRE(lab.until([&] { return lab.api.count(kPods) == 1; }));
  const auto first = sys::Clock::now();
  lab.api.on(kPods, 200, list_of(pod("a"), 7));
  CHECK(lab.sees("a1"));
  CHECK(sys::Clock::now() - first > 1500ms);
}

TEST_CASE("mirror: a busy API server is asked for a watch again when it says so") {
  Lab lab;
  lab.api.retry_after = 2;
  lab.api.on(kPods, 200, list_of(pod("a"), 7));
  lab.api.once(watch_of(kPods, 7), 429, "Too many requests, please try again later.\n");
  const auto first = sys::Clock::now();
  lab.watch_pods();
  REQUIRE(lab.api.streams(1));
  CHECK(sys::Clock::now() - first > 1900ms);
}

TEST_CASE("mirror: where no server answers, it is offline and never complete") {
  Lab lab;
  lab.kubectl.stop();
  lab.watch_pods();
  REQUIRE(lab.until([&] { return lab.mirror->offline(); }));
  CHECK_FALSE(lab.mirror->complete());
  CHECK(lab.mirror->refused(0) == nullptr);
}

TEST_CASE("mirror: a refused source counts as read, and says which right is missing") {
  Lab lab;
  lab.api.on(
      kPods, 403,
      R"({"kind":"Status","reason":"Forbidden","code":403,"message":"pods is forbidden: User )"
      R"(\"ci\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\""})");
  lab.api.on(kNodes, 200, list_of(pod("n"), 5));
  lab.mirror = lab.cluster->watch(
      {{{"v1", "Pod", "shop"}, &lab.pod_table}, {{"v1", "Node", ""}, &lab.node_table}});
  REQUIRE(lab.until([&] { return lab.mirror->complete(); }));
  CHECK_FALSE(lab.mirror->offline());
  REQUIRE(lab.mirror->refused(0));
  CHECK(lab.mirror->refused(0)->trouble == Trouble::forbidden);
  CHECK(lab.mirror->refused(0)->rule.find("verbs: [list]") != std::string::npos);
  CHECK(lab.mirror->refused(1) == nullptr);
  CHECK(lab.nodes == std::vector<std::string>{"n1"});
}

TEST_CASE("mirror: a kind that the cluster does not know counts as read") {
  Lab lab;
  lab.watch_pods(); // 404
  REQUIRE(lab.until([&] { return lab.mirror->complete(); }));
  REQUIRE(lab.mirror->refused(0));
  CHECK(lab.mirror->refused(0)->absent());
}

TEST_CASE("mirror: a watch that is refused keeps what the list had") {
  Lab lab;
  lab.api.on(kPods, 200, list_of(pod("a"), 7));
  lab.api.on(
      watch_of(kPods, 7), 403,
      R"({"kind":"Status","reason":"Forbidden","code":403,"message":"pods is forbidden: User )"
      R"(\"ci\" cannot watch resource \"pods\" in API group \"\" in the namespace \"shop\""})");
  lab.watch_pods();
  REQUIRE(lab.until([&] { return lab.mirror->refused(0) != nullptr; }));
  CHECK(lab.mirror->refused(0)->rule.find("verbs: [watch]") != std::string::npos);
  CHECK(lab.seen() == "a1");
}

TEST_CASE("mirror: a list that is no JSON is an error of wait") {
  Lab lab;
  lab.api.on(kPods, 200, "<html>");
  lab.watch_pods();
  CHECK_THROWS_WITH((void)lab.sees("a1"), "list is not a Kubernetes object: <html>");
}

TEST_CASE("mirror: wait returns at its deadline where nothing changes") {
  Lab lab;
  lab.api.on(kPods, 200, list_of(pod("a"), 7));
  lab.watch_pods();
  REQUIRE(lab.sees("a1"));
  CHECK_FALSE(lab.mirror->wait(sys::Clock::now() + 20ms));
  CHECK_FALSE(lab.mirror->wait(sys::Clock::now() - 1s));
}

TEST_CASE("mirror: it ends at once while watches run, and while news wait to be taken") {
  Lab lab;
  const std::string many = [] { // more than a mirror queues
    std::string events;
    while (events.size() < 1 << 20)
      events += change("ADDED", pod("p" + std::to_string(events.size())));
    return events;
  }();
  lab.api.on(kPods, 200, list_of(pod("a"), 7));
  lab.api.on(kNodes, 200, list_of("", 7));
  for (const bool flooded : {false, true}) {
    CAPTURE(flooded);
    const std::size_t before = flooded ? 2 : 0;
    lab.mirror = lab.cluster->watch(
        {{{"v1", "Pod", "shop"}, &lab.pod_table}, {{"v1", "Node", ""}, &lab.node_table}});
    REQUIRE(lab.api.streams(before + 2));
    std::thread server;
    if (flooded)
      server = std::thread([&] {
        for (int i = 0; i < 8; ++i) lab.api.send(2, many);
      });
    const auto begin = sys::Clock::now();
    lab.mirror.reset();
    CHECK(sys::Clock::now() - begin < 1min); // watches last five minutes by themselves
    if (flooded) server.join();
  }
}

TEST_CASE("mirror: news that are taken late are all there") {
  Lab lab;
  lab.api.on(kPods, 200, list_of("", 7));
  lab.watch_pods();
  REQUIRE(lab.api.streams(1));
  std::thread server([&] {
    std::string events; // more than a mirror queues, together
    for (int i = 0; i < 60'000; ++i) events += change("ADDED", pod("p" + std::to_string(i)));
    lab.api.send(0, events);
  });
  CHECK(lab.until([&] { return lab.pods.size() == 60'000; }));
  server.join();
}
