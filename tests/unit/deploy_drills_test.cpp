#include <doctest/doctest.h>

#include <string>

#include <fmt/core.h>

#include "hello/drill_release.h"
#include "hello/error.h"
#include "support/fake_cluster.h"
#include "support/fake_objects.h"

using namespace hello;
using namespace hello::drills;
using namespace hello::test;

namespace {

constexpr std::time_t kNow = 1795867200; // 2026-11-28T12:00:00Z

FakeCluster *asked = nullptr; ///< by fake_send()

/// In the journal: "send URL to KEY JSON". The answer is the next of the cluster's replies.
sys::HttpReply fake_send(const std::string &url, const sys::HttpRequest &request,
                         std::chrono::milliseconds) {
  asked->journal.push_back(
      fmt::format("send {} to {} {}", url, request.headers.at(0).second, request.json));
  if (asked->replies.empty()) return {200, R"({"active":[]})"};
  const sys::HttpReply reply = asked->replies.front();
  asked->replies.pop_front();
  return reply;
}

/// A release of three ready pods; b is the oldest, then a and c.
struct Release {
  FakeCluster cluster;

  ~Release() { asked = nullptr; }
  explicit Release(const std::string &args = "[serve, --drills]") {
    asked = &cluster;
    cluster.api.put(object("{apiVersion: apps/v1, kind: Deployment, metadata: {name: hello, "
                           "namespace: shop}, spec: {template: {spec: {containers: [{name: hello, "
                           "args: " +
                           args + "}]}}}}"));
    add("a", "2026-11-28T10:00:00Z");
    add("b", "2026-11-28T09:00:00Z");
    add("c", "2026-11-28T10:00:00Z");
  }
  void add(const std::string &name, const std::string &created, const std::string &ready = "True") {
    cluster.api.put(
        object("{apiVersion: v1, kind: Pod, metadata: {name: " + name +
               ", namespace: shop, uid: uid-" + name + ", creationTimestamp: \"" + created +
               "\", labels: {app.kubernetes.io/name: hello, app.kubernetes.io/instance: hello}}, "
               "status: {phase: Running, conditions: [{type: Ready, status: \"" +
               ready + "\"}]}}"));
  }
  std::string chosen(const Wish &wish) {
    std::string names;
    for (const Target &one : choose(cluster, wish).targets) names += one.pod;
    return names;
  }
  std::string refused(const Wish &wish) {
    try {
      choose(cluster, wish);
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  }
  std::string mark() const {
    return cluster.api.find(kDeployment)->text("metadata", "annotations", kMark);
  }
  std::vector<Target> targets(int count) {
    Wish wish;
    wish.pods = count;
    return choose(cluster, wish).targets;
  }
};

Drill drill(std::string_view text) {
  Drill one;
  CHECK(parse(text, one) == "");
  return one;
}

Wish pods(int count) {
  Wish wish;
  wish.pods = count;
  return wish;
}

Wish share(int percent) {
  Wish wish;
  wish.percent = percent;
  return wish;
}

} // namespace

TEST_CASE("drills: ready pods are chosen, the oldest first, then by name") {
  Release release;
  release.add("d", "2026-11-28T08:00:00Z", "False");
  CHECK(release.chosen({}) == "b");
  CHECK(release.chosen(pods(2)) == "ba");
  CHECK(release.chosen(pods(3)) == "bac");
  CHECK(release.chosen(share(1)) == "b");
  CHECK(release.chosen(share(34)) == "ba");
  CHECK(release.chosen(share(100)) == "bac");
  CHECK(choose(release.cluster, pods(3)).every);
  CHECK_FALSE(choose(release.cluster, pods(2)).every);
  Wish named;
  named.pod = "d";
  CHECK(release.chosen(named) == "d");
  CHECK(choose(release.cluster, named).ready == 3);
  CHECK_FALSE(choose(release.cluster, named).every);
}

TEST_CASE("drills: a fault on an unready pod is not one on every ready pod") {
  Release release;
  for (const char *pod : {"a", "b", "c"}) release.cluster.api.erase({"v1", "Pod", "shop", pod});
  release.add("d", "2026-11-28T08:00:00Z", "False");
  release.add("e", "2026-11-28T08:00:00Z", "True");
  Wish named;
  named.pod = "d";
  CHECK_FALSE(choose(release.cluster, named).every);
  named.pod = "e";
  CHECK(choose(release.cluster, named).every);
}

TEST_CASE("drills: what cannot be chosen is refused") {
  Release release;
  CHECK(release.refused(pods(4)) == "3 pods of hello in shop are ready, not 4");
  Wish named;
  named.pod = "x";
  CHECK(release.refused(named) == "no pod x of hello in shop is running");
  for (int n = 0; n < 30; ++n) release.add(fmt::format("more-{}", n), "2026-11-28T11:00:00Z");
  CHECK(release.refused(pods(21)) == "a drill is for at most 20 pods, not 21");
  CHECK(release.refused(share(100)) == "a drill is for at most 20 pods, not 33");
  Release closed("[serve]");
  CHECK(closed.refused({}) == "Deployment/hello runs without --drills");
  Release empty;
  for (const char *name : {"a", "b", "c"}) empty.cluster.api.erase({"v1", "Pod", "shop", name});
  CHECK(empty.refused({}) == "no pod of hello in shop is ready");
}

TEST_CASE("drills: each pod is asked by its UID, after the Deployment is marked") {
  Release release;
  const auto targets = release.targets(2);
  release.cluster.journal.clear();
  begin(release.cluster, drill("latency=200ms"), targets, kNow, fake_send);
  CHECK(release.mark() == "latency=200ms until 2026-11-28T12:01:00Z on b,a");
  const std::string body = R"({"drill":"latency=200ms","for":"60000ms"})";
  REQUIRE(release.cluster.journal.size() == 5);
  CHECK(release.cluster.journal[0].starts_with("patch Deployment/hello"));
  CHECK(release.cluster.journal[1] == "forward pod/b:8082");
  CHECK(release.cluster.journal[2] == "forward pod/a:8082");
  CHECK(release.cluster.journal[3] == "send http://127.0.0.1:40123/drills to uid-b " + body);
  CHECK(release.cluster.journal[4] == "send http://127.0.0.1:40123/drills to uid-a " + body);
}

TEST_CASE("drills: a crash that repeats says how often") {
  Release release;
  Drill crash = drill("crash=7");
  CHECK(parse_repeat("3", crash) == "");
  begin(release.cluster, crash, release.targets(1), kNow, fake_send);
  CHECK(release.cluster.times("send http://127.0.0.1:40123/drills to uid-b "
                              R"({"drill":"crash=7","for":"60000ms","repeat":3})") == 1);
}

TEST_CASE("drills: where one pod cannot be reached, those that have begun are stopped") {
  Release release;
  const auto targets = release.targets(3);
  release.cluster.replies = {{200, R"({"active":[]})"}, {403, "Forbidden: no\n"}};
  release.cluster.journal.clear();
  try {
    begin(release.cluster, drill("errors"), targets, kNow, fake_send);
    FAIL("no error");
  } catch (const Error &error) {
    CHECK(error.code() == Exit::failure);
    CHECK(std::string(error.what()) == "pod a: Forbidden: no");
    CHECK(error.hint() == "stopped on b");
  }
  CHECK(release.mark() == "");
  CHECK(release.cluster.times("send http://127.0.0.1:40123/drills/stop to uid-b "
                              "{\"fault\":\"errors\"}") == 1);
  CHECK(release.cluster.times("send http://127.0.0.1:40123/drills to uid-c") == 0);

  release.cluster.fail_next(Operation::forward, failure(kube::Trouble::unreachable), "pod/b");
  CHECK_THROWS_AS(begin(release.cluster, drill("errors"), targets, kNow, fake_send), Error);
  CHECK(release.mark() == "");
}

TEST_CASE("drills: a pod whose answer was lost is stopped too, since it may have begun") {
  Release release;
  const auto targets = release.targets(2);
  release.cluster.replies = {{200, R"({"active":[]})"}, {0, "no answer in time"}};
  CHECK_THROWS_AS(begin(release.cluster, drill("errors"), targets, kNow, fake_send), Error);
  for (const char *uid : {"uid-a", "uid-b"})
    CHECK(release.cluster.times(std::string("send http://127.0.0.1:40123/drills/stop to ") + uid) ==
          1);
  CHECK(release.mark() == "");
}

TEST_CASE("drills: marks of several drills stand side by side, until their end or a stop") {
  Release release;
  begin(release.cluster, drill("unready"), release.targets(1), kNow, fake_send);
  begin(release.cluster, drill("errors=503"), release.targets(1), kNow + 10, fake_send);
  CHECK(release.mark() == "unready until 2026-11-28T12:01:00Z on b; "
                          "errors=503 until 2026-11-28T12:01:10Z on b");
  CHECK(marks_of(release.cluster, kNow + 59).size() == 2);
  CHECK(marks_of(release.cluster, kNow + 60).size() == 1);
  CHECK(marks_of(release.cluster, kNow + 70).empty());
  stop(release.cluster, Fault::errors, kNow + 20, fake_send);
  CHECK(release.mark() == "unready until 2026-11-28T12:01:00Z on b");
  release.cluster.journal.clear();
  const auto replies = stop(release.cluster, std::nullopt, kNow + 20, fake_send);
  CHECK(replies.size() == 3);
  CHECK(release.mark() == "");
  CHECK(release.cluster.times("send http://127.0.0.1:40123/drills/stop") == 3);
}

TEST_CASE("drills: the mark stays where a stop gets no answer, since the fault may go on") {
  const std::string mark = "unready until 2026-11-28T12:01:00Z on b";
  const sys::HttpReply good{200, R"({"active":[]})"}, silent{0, "no answer in time"};
  Release release, failed;
  asked = &release.cluster;
  begin(release.cluster, drill("unready"), release.targets(1), kNow, fake_send);
  release.cluster.replies = {good, silent, good};
  CHECK(stop(release.cluster, std::nullopt, kNow + 20, fake_send).size() == 3);
  CHECK(release.mark() == mark);
  stop(release.cluster, std::nullopt, kNow + 20, fake_send); // now all answer
  CHECK(release.mark() == "");
  asked = &failed.cluster;
  failed.cluster.replies = {good, {400, "refused"}, silent}; // b begins, a does not, b is silent
  CHECK_THROWS_AS(begin(failed.cluster, drill("unready"), failed.targets(2), kNow, fake_send),
                  Error);
  CHECK(failed.mark() == mark + ",a");
}

TEST_CASE("drills: a mark that cannot be read is none") {
  CHECK(read_marks("", "2026").empty());
  CHECK(read_marks("unready until then", "2026").empty());
  CHECK(read_marks("unready till 2027-01-01T00:00:00Z on a", "2026").empty());
  CHECK(read_marks("x; unready until 2027-01-01T00:00:00Z on a;", "2026").size() == 1);
}

TEST_CASE("drills: a list has the drills of every pod, or why there is no answer") {
  Release release;
  release.cluster.replies = {
      {200, R"({"active":[{"fault":"unready","drill":"unready","left_ms":1500}]})"},
      {0, "no answer in time"},
      {200, "Hello!"}};
  const auto all = list(release.cluster, fake_send);
  REQUIRE(all.size() == 3);
  CHECK(all[0].first.pod == "b");
  REQUIRE(all[0].second.active.size() == 1);
  CHECK(all[0].second.active[0].left.count() == 1500);
  CHECK(all[1].second.wrong == "no answer in time");
  CHECK(all[2].second.wrong != "");
}

TEST_CASE("drills: a pod whose service does not run is named as such, not as a bad answer") {
  Release release;
  release.cluster.api.put(
      object("{apiVersion: v1, kind: Pod, metadata: {name: d, namespace: shop, uid: uid-d, "
             "creationTimestamp: \"2026-11-28T11:00:00Z\", labels: {app.kubernetes.io/name: "
             "hello, app.kubernetes.io/instance: hello}}, status: {phase: Running, "
             "containerStatuses: [{name: hello, state: {waiting: {reason: CrashLoopBackOff}}}]}}"));
  for (int i = 0; i < 3; ++i) release.cluster.replies.push_back({200, R"({"active":[]})"});
  release.cluster.replies.push_back({0, "what answers does not speak HTTP/1"});
  const auto all = list(release.cluster, fake_send);
  REQUIRE(all.size() == 4);
  CHECK(all[0].second.wrong == "");
  CHECK(all[3].second.wrong == "its container is not running");
}

TEST_CASE("drills: a context is protected by a word between separators") {
  const std::vector<std::string> words = {"prod", "production", "live"};
  for (const char *name : {"prod", "eu-prod", "prod-eu", "PROD", "a/prod/b", "shop.live",
                           "x_production", "arn:aws:eks:eu:1:cluster/live"}) {
    INFO(name);
    CHECK(is_protected(name, words));
  }
  for (const char *name :
       {"", "dev", "product", "nonprod", "prod2", "alive", "delivery", "reproduction"}) {
    INFO(name);
    CHECK_FALSE(is_protected(name, words));
  }
  CHECK_FALSE(is_protected("prod", {}));
  CHECK_FALSE(is_protected("prod", {""}));
}
