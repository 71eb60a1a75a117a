#include <doctest/doctest.h>

#include <cstdlib>

#include <fmt/core.h>

#include "hello/history.h"
#include "support/fake_cluster.h"

using namespace hello;
using namespace hello::test;
using kube::Trouble;
using release::State;

namespace {

/// Sets variables of the environment, and puts back what was there.
class Environment {
public:
  Environment() {
    for (const char *name : {"GIT_COMMIT", "CI_COMMIT_SHA", "GITHUB_SHA", "BUILD_URL", "CI_JOB_URL",
                             "SUDO_USER", "USER"})
      keep(name);
    ::setenv("GIT_COMMIT", "0123abc", 1); // no look at the working directory's git
    ::setenv("USER", "ann", 1);
  }
  ~Environment() {
    for (const auto &[name, value] : kept_) {
      if (value)
        ::setenv(name.c_str(), value->c_str(), 1);
      else
        ::unsetenv(name.c_str());
    }
  }

private:
  void keep(const std::string &name) {
    const char *value = std::getenv(name.c_str());
    kept_.emplace_back(name, value ? std::optional<std::string>(value) : std::nullopt);
    ::unsetenv(name.c_str());
  }
  std::vector<std::pair<std::string, std::optional<std::string>>> kept_;
};

kube::Id entry(int revision) {
  return {"apps/v1", "ControllerRevision", "shop", names::entry("hello", revision)};
}

struct Shop {
  Environment environment;
  FakeCluster cluster;
  std::vector<std::string> warnings;
  release::Recorder recorder{cluster, "",
                             [this](const std::string &text) { warnings.push_back(text); }};

  /// An entry of an earlier release.
  void add(int revision, State state, const release::Set &set = hello_set()) {
    release::Release one;
    one.revision = revision;
    one.state = state;
    one.digest = release::digest_of(set);
    for (const kube::Object &object : set) one.objects.push_back(object.id);
    cluster.api.put(json::parse(release::entry_of(one, set, "shop"), "entry"));
  }
  /// An entry whose number is taken and that no list shows.
  void add_damaged(int revision) {
    json::Value value = object("{apiVersion: apps/v1, kind: ControllerRevision}");
    value["metadata"]["name"] = json::string(names::entry("hello", revision));
    value["metadata"]["namespace"] = json::string("shop");
    cluster.api.put(std::move(value));
  }
  std::optional<release::Release> recorded(int revision) const {
    const json::Value *found = cluster.api.find(entry(revision));
    return found ? release::release_of(*found) : std::nullopt;
  }
  bool warned(const std::string &text) const {
    return warnings.size() == 1 && warnings[0].find(text) != std::string::npos;
  }
};

} // namespace

TEST_CASE("recorder: a release is written down as pending, then as it ended, with who did it") {
  Shop shop;
  ::setenv("BUILD_URL", "https://ci.test/7", 1);
  shop.recorder.begin(hello_set("hello:7"));
  CHECK(shop.recorder.revision() == 1);
  auto one = shop.recorded(1);
  REQUIRE(one);
  CHECK(one->state == State::pending);
  CHECK(one->who.starts_with("ann@")); // as long as the cluster has not said it
  CHECK(one->from == "https://ci.test/7");
  CHECK(one->source == "0123abc");
  CHECK(one->image == "hello:7");
  CHECK(one->note.empty());
  CHECK(one->digest == release::digest_of(hello_set("hello:7")));
  CHECK(one->objects == std::vector{kConfigMap, kDeployment, kService});
  shop.recorder.finish(State::ready);
  shop.recorder.settle();
  one = shop.recorded(1);
  REQUIRE(one);
  CHECK(one->state == State::ready);
  CHECK(one->who == "alice");
  CHECK(shop.warnings.empty());
  shop.recorder.settle(); // once is enough
  CHECK(shop.cluster.times("patch ") == 1);
}

TEST_CASE("recorder: without a CI's page it is known from which machine it came") {
  Shop shop;
  release::Recorder recorder(shop.cluster, "rollback to 3", {});
  recorder.begin(hello_set());
  const auto one = shop.recorded(1);
  REQUIRE(one);
  CHECK(one->from == one->who);
  CHECK(one->note == "rollback to 3");
}

TEST_CASE("recorder: the numbers go on after the newest entry") {
  Shop shop;
  shop.add(9, State::ready);
  shop.add(10, State::failed);
  shop.recorder.begin(hello_set());
  CHECK(shop.recorder.revision() == 11);
}

TEST_CASE("recorder: where another deploy takes the number, the next one is used") {
  Shop shop;
  shop.add(1, State::ready);
  shop.cluster.before_next(Operation::create, [&] { shop.add(2, State::pending); });
  shop.recorder.begin(hello_set());
  CHECK(shop.recorder.revision() == 3);
  CHECK(shop.warnings.empty());
}

TEST_CASE("recorder: the number of a damaged entry is passed over") {
  Shop shop;
  shop.add_damaged(1);
  shop.add_damaged(2);
  shop.recorder.begin(hello_set());
  CHECK(shop.recorder.revision() == 3);
  CHECK(shop.warnings.empty());
}

TEST_CASE("recorder: it gives up after twenty numbers that others took") {
  Shop shop;
  shop.cluster.fail_always(Operation::create, failure(Trouble::already_exists));
  shop.recorder.begin(hello_set());
  CHECK(shop.cluster.times("create ") == 20);
  CHECK(shop.recorder.revision() == 0);
  CHECK(shop.warned("this release is not in the history: others write to it all the time"));
  shop.recorder.finish(State::ready);
  shop.recorder.settle();
  CHECK(shop.cluster.times("patch ") == 0);
}

TEST_CASE("recorder: a history that cannot be read, or written, is a warning") {
  for (const Trouble trouble : {Trouble::forbidden, Trouble::unreachable, Trouble::timed_out}) {
    Shop unread;
    unread.cluster.fail_always(Operation::list, failure(trouble, "boom"), "ControllerRevision");
    unread.recorder.begin(hello_set());
    CHECK(unread.warned("this release is not in the history: "));
    CHECK(unread.warned("read the history"));
    CHECK(unread.cluster.times("create ") == 0);

    Shop unwritten;
    unwritten.cluster.fail_always(Operation::create, failure(trouble, "boom"));
    unwritten.recorder.begin(hello_set());
    CHECK(unwritten.warned("write the history"));
    CHECK(unwritten.warned("boom"));
    CHECK(unwritten.cluster.times("create ") == 1);
    CHECK(unwritten.recorder.revision() == 0);
    unwritten.recorder.finish(State::failed);
    unwritten.recorder.settle();
    CHECK(unwritten.warnings.size() == 1);
  }
}

TEST_CASE("recorder: a set that is too large is not written, and the sizes are named") {
  Shop shop;
  release::Set set = hello_set();
  in(set, "ConfigMap")["data"]["MESSAGES"] = json::string(std::string(release::kLargestEntry, 'x'));
  shop.recorder.begin(set);
  CHECK(shop.cluster.times("create ") == 0);
  CHECK(shop.recorder.revision() == 0);
  CHECK(shop.warned("of the 1400000 that fit"));
  in(set, "ConfigMap")["data"]["MESSAGES"] =
      json::string(std::string(release::kLargestEntry - 2000, 'x'));
  shop.recorder.begin(set);
  CHECK(shop.recorder.revision() == 1);
}

TEST_CASE("recorder: ten ready entries and ten others stay, once the new one has ended") {
  Shop shop;
  shop.add(1, State::ready);
  shop.add(2, State::failed);
  for (int revision = 3; revision <= 12; ++revision) shop.add(revision, State::failed);
  shop.recorder.begin(hello_set());
  CHECK(shop.recorder.revision() == 13);
  CHECK(shop.cluster.times("remove ") == 0);
  shop.recorder.finish(State::failed);
  shop.recorder.settle();
  CHECK(shop.recorded(1));
  CHECK_FALSE(shop.recorded(2));
  CHECK_FALSE(shop.recorded(3));
  CHECK(shop.recorded(4));
  CHECK(shop.cluster.times("remove ") == 2);
  CHECK(shop.warnings.empty());
}

TEST_CASE("recorder: an old entry that cannot be removed is a warning, unless it is gone") {
  for (const Trouble trouble : {Trouble::forbidden, Trouble::unreachable, Trouble::not_found}) {
    Shop shop;
    for (int revision = 1; revision <= 10; ++revision) shop.add(revision, State::ready);
    shop.cluster.fail_next(Operation::remove, failure(trouble));
    shop.recorder.begin(hello_set());
    CHECK(shop.recorder.revision() == 11);
    shop.recorder.finish(State::ready);
    shop.recorder.settle();
    if (trouble == Trouble::not_found)
      CHECK(shop.warnings.empty());
    else
      CHECK(shop.warned("the history grows: "));
  }
}

TEST_CASE("recorder: an end that cannot be written is a warning that names it") {
  for (const Trouble trouble : {Trouble::forbidden, Trouble::timed_out, Trouble::not_found}) {
    Shop shop;
    shop.recorder.begin(hello_set());
    shop.cluster.fail_next(Operation::patch, failure(trouble, "boom"));
    shop.recorder.finish(State::rolled_back);
    CHECK(shop.warned("the history does not know that release 1 is rolled-back: "));
    CHECK(shop.warned("boom"));
    CHECK(shop.recorded(1)->state == State::pending);
  }
}

TEST_CASE("recorder: where the cluster does not say who it was, the machine's user stands") {
  for (const bool silent : {false, true}) {
    CAPTURE(silent);
    Shop shop;
    if (silent)
      shop.cluster.user = "";
    else
      shop.cluster.fail_next(Operation::who_am_i, failure(Trouble::other));
    shop.recorder.begin(hello_set());
    shop.recorder.finish(State::ready);
    shop.recorder.settle();
    CHECK(shop.recorded(1)->who.starts_with("ann@"));
    CHECK(shop.recorded(1)->state == State::ready);
    CHECK(shop.warnings.empty());
  }
}

TEST_CASE("recorder: a release that was not begun has no end") {
  Shop shop;
  shop.recorder.finish(State::ready);
  shop.recorder.settle();
  CHECK(shop.cluster.journal.empty());
  CHECK(shop.warnings.empty());
}

TEST_CASE(
    "recorder: an unchanged deploy takes up the newest entry only if it did not end as ready") {
  struct {
    State state;
    const char *image;
    int revision;
  } rows[] = {{State::pending, "hello:1", 1},    {State::failed, "hello:1", 1},
              {State::ready, "hello:1", 0},      {State::rolled_back, "hello:1", 0},
              {State::superseded, "hello:1", 0}, {State::failed, "hello:2", 0}};
  for (const auto &row : rows) {
    CAPTURE(row.image);
    CAPTURE(name_of(row.state));
    Shop shop;
    shop.add(1, row.state);
    const auto history = release::read_history(shop.cluster);
    REQUIRE(history);
    shop.recorder.resume(*history, hello_set(row.image));
    CHECK(shop.recorder.revision() == row.revision);
    shop.recorder.finish(State::ready);
    shop.recorder.settle();
    CHECK(shop.recorded(1)->state == (row.revision == 1 ? State::ready : row.state));
  }
  Shop shop;
  shop.recorder.resume({}, hello_set());
  CHECK(shop.recorder.revision() == 0);
}
