#include <doctest/doctest.h>

#include <algorithm>

#include "hello/logs.h"
#include "support/fake_cluster.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
using kube::LogLine;
using kube::Trouble;
using Lines = std::vector<std::string>;

namespace {

/// The time of a line, so many seconds past four o'clock.
std::string at(int seconds) {
  return "2026-11-23T04:00:0" + std::to_string(seconds) + ".000000001Z ";
}

struct Shop {
  FakeCluster cluster;

  /// A pod whose containers have run.
  void put_pod(const std::string &name, const Lines &containers = {"hello"},
               const std::string &phase = "Running") {
    json::Value pod = object("apiVersion: v1\nkind: Pod\n"
                             "metadata: {namespace: shop, labels: {app: hello}}\n");
    pod["metadata"]["name"] = json::string(name);
    pod["status"]["phase"] = json::string(phase);
    for (const std::string &container : containers) {
      json::Value status = object("{state: {running: {}}}");
      status["name"] = json::string(container);
      pod["status"]["containerStatuses"].push(std::move(status));
    }
    cluster.api.put(std::move(pod));
  }

  Lines seen;
  std::size_t read(kube::LogOptions options = {}) {
    options.selector = "app=hello";
    seen.clear();
    return kube::read_logs(cluster, options, [this](const LogLine &line) {
      seen.push_back(line.pod + "/" + line.container + ": " + line.text);
      return true;
    });
  }
  /// Follows until this many lines came, or generous time is over.
  std::size_t follow(std::size_t lines) {
    kube::LogOptions options{.selector = "app=hello", .follow = true};
    cluster.longest = std::chrono::hours(1'000'000); // real threads, so real time counts
    const auto limit = sys::Clock::now() + 1min;
    options.wanted = [limit] { return sys::Clock::now() < limit; };
    return kube::read_logs(cluster, options, [&](const LogLine &line) {
      seen.push_back(line.pod + "/" + line.container + ": " + line.text);
      return seen.size() < lines;
    });
  }
};

} // namespace

TEST_CASE("logs: the lines of all containers come in the order of their times") {
  Shop shop;
  shop.put_pod("a", {"hello", "agent"});
  shop.put_pod("b");
  shop.cluster.logs = {{"a/hello", at(1) + "one\n" + at(4) + "four\n"},
                       {"a/agent", at(2) + "two\n"},
                       {"b/hello", at(1) + "one too\n" + at(3) + "three\n"}};
  CHECK(shop.read() == 2);
  CHECK(shop.seen == Lines{"a/hello: one", "b/hello: one too", "a/agent: two", "b/hello: three",
                           "a/hello: four"});
}

TEST_CASE("logs: only containers that have run have a log, and other pods have none") {
  Shop shop;
  shop.put_pod("a");
  shop.cluster.api.put(object(R"(
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: shop, labels: {app: hello}}
status:
  phase: Pending
  initContainerStatuses: [{name: setup, state: {terminated: {exitCode: 0}}}]
  containerStatuses:
    - {name: hello, state: {waiting: {reason: PodInitializing}}}
    - {name: again, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}}
)"));
  shop.cluster.api.put(
      object("apiVersion: v1\nkind: Pod\nmetadata: {name: other, namespace: shop}\n"
             "status: {containerStatuses: [{name: x, state: {running: {}}}]}\n"));
  shop.cluster.logs = {{"a/hello", at(1) + "a\n"},
                       {"b/setup", at(2) + "setup\n"},
                       {"b/hello", at(3) + "not yet\n"},
                       {"b/again", at(4) + "again\n"},
                       {"other/x", at(5) + "other\n"}};
  CHECK(shop.read() == 2);
  CHECK(shop.seen == Lines{"a/hello: a", "b/setup: setup", "b/again: again"});
}

TEST_CASE("logs: a pod that went meanwhile is left out; a right that is missing is an error") {
  for (const Trouble trouble : {Trouble::not_found, Trouble::unknown_kind, Trouble::unreachable}) {
    Shop shop;
    shop.put_pod("a");
    shop.put_pod("b");
    shop.cluster.logs = {{"a/hello", at(1) + "a\n"}, {"b/hello", at(2) + "b\n"}};
    shop.cluster.fail_next(Operation::log, failure(trouble), "a/hello");
    CHECK(shop.read() == 2);
    CHECK(shop.seen == Lines{"b/hello: b"});
  }
  Shop shop;
  shop.put_pod("a");
  shop.cluster.fail_next(Operation::log, failure(Trouble::forbidden), "a/hello");
  try {
    shop.read();
    FAIL("no error");
  } catch (const Error &error) {
    CHECK(error.code() == Exit::cluster);
    CHECK(std::string(error.what()).find("read the log of a") != std::string::npos);
  }
}

TEST_CASE("logs: a log that cannot be read is named, unless the container has gone") {
  Shop shop;
  shop.put_pod("a");
  shop.put_pod("b");
  shop.cluster.fail_next(Operation::log, failure(Trouble::unreachable), "a/hello");
  shop.cluster.fail_next(Operation::log, failure(Trouble::not_found), "b/hello");
  Lines unread;
  kube::LogOptions options;
  options.unread = [&](const std::string &container, const kube::Failure &) {
    unread.push_back(container);
  };
  CHECK(shop.read(options) == 2);
  CHECK(unread == Lines{"a/hello"});
}

TEST_CASE("logs: the last words of a container count without a line end, too") {
  Shop shop;
  shop.put_pod("a", {"hello", "agent"}, "Failed");
  shop.cluster.logs = {{"a/hello", at(1) + "one\n" + at(2) + "fatal"},
                       {"a/agent", "failed to try resolving symlinks"}};
  shop.read();
  CHECK(shop.seen == Lines{"a/hello: one", "a/hello: fatal"});
  shop.seen.clear();
  shop.follow(2);
  CHECK(shop.seen == Lines{"a/hello: one", "a/hello: fatal"});
}

TEST_CASE("logs: following without the right to read logs is an error") {
  Shop shop;
  shop.put_pod("a");
  shop.cluster.fail_always(Operation::log, failure(Trouble::forbidden), "a/hello");
  CHECK_THROWS_AS(shop.follow(1), Error);
}

TEST_CASE("logs: a reconnection asks from the last line's second, in the zone of the node") {
  for (const std::string zone : {"Z", "+05:30", "-03:00"}) {
    CAPTURE(zone);
    Shop shop;
    shop.put_pod("a");
    const std::string second = "2026-11-23T04:00:00";
    shop.cluster.logs["a/hello"] = second + ".000000001" + zone + " one\n";
    std::function<void()> go_on = [&] {
      if (shop.cluster.log_queries.size() > 1)
        shop.cluster.logs["a/hello"] = second + ".000000002" + zone + " two\n";
      shop.cluster.after(50ms, go_on);
    };
    go_on();
    shop.follow(2);
    REQUIRE(shop.cluster.log_queries.size() > 1);
    CHECK(shop.cluster.log_queries[1].since_time == second + zone);
  }
}

TEST_CASE("logs: pods that cannot be listed, or watched, are an error") {
  for (const Trouble trouble : {Trouble::forbidden, Trouble::unreachable}) {
    Shop shop;
    shop.cluster.fail_next(Operation::list, failure(trouble), "Pod");
    CHECK_THROWS_AS(shop.read(), Error);
  }
  Shop shop;
  shop.cluster.fail_always(Operation::watch, failure(Trouble::forbidden), "Pod");
  CHECK_THROWS_AS(shop.read({.follow = true}), Error);
}

TEST_CASE("logs: no pods are no lines") {
  Shop shop;
  CHECK(shop.read() == 0);
  CHECK(shop.seen.empty());
}

TEST_CASE("logs: whoever reads them may have had enough") {
  Shop shop;
  shop.put_pod("a");
  shop.cluster.logs = {{"a/hello", at(1) + "one\n" + at(2) + "two\n"}};
  int taken = 0;
  kube::read_logs(shop.cluster, {.selector = "app=hello"}, [&](const LogLine &) {
    ++taken;
    return false;
  });
  CHECK(taken == 1);
}

TEST_CASE("logs: followed lines come once each, through a lost connection and a restart") {
  Shop shop;
  shop.put_pod("a");
  std::string &log = shop.cluster.logs["a/hello"];
  log = at(1) + "one\n" + at(1) + "one\n";
  // each time the log ends, it is asked for again, and what came before is left out
  int stage = 0;
  std::function<void()> go_on = [&] {
    if (stage == 0 && shop.seen.size() == 2) {
      stage = 1;
      log += at(1) + "one\n" + at(2) + "two\n";
    } else if (stage == 1 && shop.seen.size() == 4) {
      stage = 2;
      log = at(3) + "restarted\n";
    }
    shop.cluster.after(50ms, go_on);
  };
  go_on();
  CHECK(shop.follow(5) == 1);
  CHECK(shop.seen == Lines{"a/hello: one", "a/hello: one", "a/hello: one", "a/hello: two",
                           "a/hello: restarted"});
}

TEST_CASE("logs: a pod that comes later is followed from its first line") {
  Shop shop;
  shop.put_pod("a");
  shop.cluster.logs = {{"a/hello", at(1) + "a\n"}, {"b/hello", at(2) + "b\n" + at(3) + "more\n"}};
  shop.cluster.after(1s, [&] { shop.put_pod("b"); });
  CHECK(shop.follow(3) == 2);
  std::sort(shop.seen.begin(), shop.seen.end());
  CHECK(shop.seen == Lines{"a/hello: a", "b/hello: b", "b/hello: more"});
}

TEST_CASE("logs: an interruption ends following, and so does a reader who is gone") {
  Shop shop;
  shop.put_pod("a");
  shop.cluster.logs = {{"a/hello", at(1) + "a\n"}};
  shop.cluster.interrupt_after(5s);
  CHECK_THROWS_WITH(shop.follow(99), "interrupted");
  int asked = 0;
  kube::read_logs(shop.cluster,
                  {.selector = "app=hello", .follow = true, .wanted = [&] { return ++asked < 3; }},
                  [](const LogLine &) { return true; });
  CHECK(asked == 3);
}

TEST_CASE("logs: --previous reads the containers before their last restart") {
  Shop shop;
  shop.cluster.api.put(object(R"(
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop, labels: {app: hello}}
status:
  containerStatuses:
    - {name: hello, state: {running: {}}, lastState: {terminated: {exitCode: 1}}}
    - {name: agent, state: {running: {}}, lastState: {}}
)"));
  shop.cluster.logs = {{"a/hello", at(5) + "now\n"}};
  shop.cluster.previous_logs = {{"a/hello", at(1) + "last words\n"},
                                {"a/agent", at(1) + "asked, but it never restarted\n"}};
  CHECK(shop.read({.previous = true}) == 1);
  CHECK(shop.seen == Lines{"a/hello: last words"});
}
