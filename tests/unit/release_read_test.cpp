#include <doctest/doctest.h>

#include "hello/history.h"
#include "support/fake_cluster.h"

using namespace hello;
using namespace hello::test;
using kube::Trouble;

namespace {

struct Shop {
  FakeCluster cluster;

  /// Writes an entry of `set`, and returns the release as a list shows it.
  release::Release add(int revision, const release::Set &set = hello_set()) {
    release::Release one;
    one.revision = revision;
    one.state = release::State::ready;
    one.digest = release::digest_of(set);
    for (const kube::Object &object : set) one.objects.push_back(object.id);
    return *release::release_of(
        cluster.api.put(json::parse(release::entry_of(one, set, "shop"), "entry")));
  }
};

const kube::Id kEntry{"apps/v1", "ControllerRevision", "shop", "hello-release-1"};

} // namespace

TEST_CASE("history: entries are listed newest first, by number and not by name") {
  Shop shop;
  for (const int revision : {2, 10, 9, 1}) shop.add(revision);
  const auto history = release::read_history(shop.cluster);
  REQUIRE(history);
  std::vector<int> revisions;
  for (const release::Release &one : *history) revisions.push_back(one.revision);
  CHECK(revisions == std::vector{10, 9, 2, 1});
  CHECK((*history)[0].when == "2026-11-23T04:00:00Z");
}

TEST_CASE("history: an empty one has no entries, and damaged entries and others' are left out") {
  Shop shop;
  REQUIRE(release::read_history(shop.cluster));
  CHECK(release::read_history(shop.cluster)->empty());
  shop.add(1);
  shop.add(2);
  shop.cluster.api.update(kEntry, "", [](json::Value &entry) {
    entry["metadata"]["annotations"].erase("hello/digest");
  });
  shop.cluster.api.put(
      object("apiVersion: apps/v1\nkind: ControllerRevision\n"
             "metadata: {name: web-6d5, namespace: shop, labels: "
             "{app.kubernetes.io/managed-by: hello, app.kubernetes.io/instance: hello}}\n"));
  const auto history = release::read_history(shop.cluster);
  REQUIRE(history);
  REQUIRE(history->size() == 1);
  CHECK(history->front().revision == 2);
}

TEST_CASE("history: a list that fails says why") {
  for (const Trouble trouble : {Trouble::forbidden, Trouble::unreachable}) {
    Shop shop;
    shop.cluster.fail_next(Operation::list, failure(trouble));
    CHECK(release::read_history(shop.cluster).failed_with(trouble));
  }
}

TEST_CASE("history: the set of an entry comes back whole") {
  Shop shop;
  release::Set set = hello_set();
  in(set, "ConfigMap")["data"]["MESSAGES"] = json::string("<b> & \u2028");
  in(set, "Deployment")["spec"]["odd"] = json::number("1.50");
  const release::Release one = shop.add(1, set);
  const release::Set back = release::read_set(shop.cluster, one);
  REQUIRE(back.size() == 3);
  CHECK(back[0].id == kConfigMap);
  CHECK(back[0].value.text("data", "MESSAGES") == "<b> & \u2028");
  CHECK(release::digest_of(back) == one.digest);
}

TEST_CASE("history: an entry that is gone, damaged, or has another set, has none") {
  Shop shop;
  const release::Release one = shop.add(1);
  const auto refused = [&] {
    CHECK_FALSE(release::find_set(shop.cluster, one));
    try {
      (void)release::read_set(shop.cluster, one);
      FAIL("no error");
    } catch (const Error &error) {
      CHECK(error.code() == Exit::cluster);
      CHECK(std::string(error.what()) ==
            "the history entry hello-release-1 is gone, or does not match its digest");
    }
  };
  shop.cluster.api.update(kEntry, "", [](json::Value &entry) {
    entry["data"]["objects"] = json::array();
    entry["data"]["objects"].push(hello_set("hello:2")[1].value);
  });
  refused(); // another set
  shop.cluster.api.update(kEntry, "", [](json::Value &entry) { entry.erase("data"); });
  refused(); // none
  shop.cluster.api.update(kEntry, "",
                          [](json::Value &entry) { entry["data"] = json::string("x"); });
  refused(); // damaged
  shop.cluster.api.erase(kEntry);
  refused(); // gone
}

TEST_CASE("history: a cluster that gives no answer is not a lost entry") {
  Shop shop;
  const release::Release one = shop.add(1);
  for (const Trouble trouble : {Trouble::unreachable, Trouble::forbidden}) {
    shop.cluster.fail_next(Operation::read, failure(trouble));
    CHECK_THROWS_AS((void)release::find_set(shop.cluster, one), Error);
  }
}

TEST_CASE("rollback: without a history there is nowhere to go, and it says when it begins") {
  try {
    (void)release::rollback_target({}, std::nullopt);
    FAIL("no error");
  } catch (const Error &error) {
    CHECK(error.code() == Exit::usage);
    CHECK(error.hint() == "the next hello deploy starts the history");
  }
  CHECK_THROWS_WITH((void)release::rollback_target({}, 3),
                    "no revision 3 in the history; it is empty");
}
