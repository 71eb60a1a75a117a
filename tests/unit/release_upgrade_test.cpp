#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "cli/options/release_set.h"
#include "hello/config.h"
#include "hello/deploy.h"
#include "hello/owner.h"
#include "hello/undeploy.h"
#include "support/fake_cluster.h"
#include "support/fixtures.h"
#include "support/recording.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;

/// What 0.1.0 left on a cluster (tests/fixtures/0.1.0), and what this version does with it.
namespace {

const std::string kFixtures = fixture_path("0.1.0");
const kube::Id kLive{"apps/v1", "Deployment", "fixture", "hello"};

json::Value read(const std::filesystem::path &path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return json::parse(text.str(), path.string());
}

/// Without quotes: the API server writes the number 24 of a quantity as "24".
std::string plain(const json::Value &value) {
  std::string text = json::canonical(value);
  std::erase(text, '"');
  return text;
}

struct Upgrade {
  FakeCluster cluster;
  Recording seen;
  deploy::Options options;

  Upgrade() {
    cluster.set_namespace("fixture");
    cluster.api.put(object("{apiVersion: v1, kind: Namespace, metadata: {name: fixture-other}}"));
    for (const char *folder : {"objects", "history", "pods"})
      for (const auto &file : std::filesystem::directory_iterator(kFixtures + "/" + folder))
        cluster.api.put(read(file.path()));
    cluster.on_write = [this](const kube::Id &id) { // the controller, whose pods are ready
      if (id == kLive && cluster.api.find(id))
        cluster.api.update(id, "", [](json::Value &live) {
          live["status"]["observedGeneration"] = live.at("metadata", "generation");
        });
    };
    options.verify = false;
  }

  static json::Value entry(const std::string &name) {
    return read(kFixtures + "/history/" + name + ".json");
  }
  /// The set of the last release, as its entry has it.
  static release::Set last_set() {
    release::Set set;
    const json::Value last = entry("7-ready");
    for (const json::Value &value : last.at("data", "objects").items())
      set.push_back({kube::id_of(value), value});
    return set;
  }
  Exit run(const release::Set &set) {
    seen.events.clear();
    return deploy::run(cluster, set, options, seen.listener);
  }
  std::vector<std::string> uids() const {
    std::vector<std::string> all;
    for (const auto &[id, value] : cluster.api.all())
      if (id.kind != "ControllerRevision") all.push_back(value.text("metadata", "uid"));
    return all;
  }
};

} // namespace

TEST_CASE("upgrade: with the settings of 0.1.0 the pod template is equal, byte for byte") {
  config::Sources sources;
  sources.files = {kFixtures + "/hello.yaml"};
  sources.set = {{"image", "hello:0.1.0", "--set"},
                 {"labels", "{team: \"0755\", release: last}", "--set"}};
  const config::Config config = config::Config::load(sources);
  const release::Set now = cli::set_of(manifest::render_all(config));
  const auto pod_template = [](const release::Set &set) {
    for (const kube::Object &object : set)
      if (object.id.kind == "Deployment")
        return json::canonical(object.value.at("spec", "template"));
    return std::string();
  };
  CHECK(pod_template(now) == pod_template(Upgrade::last_set()));
}

TEST_CASE("upgrade: every object of 0.1.0 is recognized without a mark") {
  Upgrade up;
  const auto history = release::read_history(up.cluster).take("", {});
  REQUIRE(history.size() == 7);
  const release::Claims claims(up.cluster.access(), history);
  int objects = 0;
  for (const kube::Id &id : history.front().objects) {
    CAPTURE(id.text());
    const json::Value *live = up.cluster.api.find(id);
    REQUIRE(live);
    CHECK(claims.ours(id, *live));
    CHECK(claims.owner_of(id, *live).ours());
    ++objects;
  }
  CHECK(objects == 15);
}

TEST_CASE("upgrade: the first deploy changes only marks, and removes nothing") {
  Upgrade up;
  const auto before = up.uids();
  const deploy::Plan plan = deploy::make_plan(up.cluster, Upgrade::last_set(), up.options);
  CHECK(plan.foreign.empty());
  for (const deploy::Item &item : plan.items) {
    CAPTURE(item.id.text());
    CHECK(item.action != deploy::Item::Action::remove);
    CHECK(item.action != deploy::Item::Action::create);
  }
  REQUIRE(up.run(Upgrade::last_set()) == Exit::ok);
  CHECK(up.uids() == before);
  CHECK(up.seen.count<event::Removed>() == 0);
  const kube::Access &access = up.cluster.access();
  for (const kube::Object &object : Upgrade::last_set()) {
    CAPTURE(object.id.text());
    const json::Value &live = *up.cluster.api.find(object.id);
    const bool is_shared = release::is_shared(object.id, access);
    CHECK(live.text("metadata", "annotations", release::kMark) ==
          (is_shared ? "fixture/" : "fixture/hello"));
    CHECK(kube::ownership(live, names::kSharedManager).empty() == !is_shared);
    CHECK(kube::ownership(live, "hello").empty() == is_shared);
  }
}

TEST_CASE("upgrade: what the releases of a namespace share keeps its values") {
  Upgrade up;
  std::map<kube::Id, json::Value> specs;
  for (const auto &[id, value] : up.cluster.api.all())
    if (release::is_shared(id, up.cluster.access())) specs[id] = value.at("spec");
  REQUIRE(specs.size() == 4);
  REQUIRE(up.run(Upgrade::last_set()) == Exit::ok);
  for (const auto &[id, spec] : specs) {
    CAPTURE(id.text());
    CHECK(plain(up.cluster.api.find(id)->at("spec")) == plain(spec));
  }
}

TEST_CASE("upgrade: a rollback to a revision that 0.1.0 wrote works") {
  Upgrade up;
  REQUIRE(up.run(Upgrade::last_set()) == Exit::ok);
  const auto history = release::read_history(up.cluster).take("", {});
  REQUIRE(history.size() == 8);
  CHECK(history.front().version != "");
  const release::Release &target = release::rollback_target(history, 1);
  REQUIRE(up.run(release::read_set(up.cluster, target)) == Exit::ok);
  CHECK(up.cluster.api.find(kLive)->text("spec", "template", "metadata", "labels", "release") ==
        "one");
  CHECK_THROWS_AS(release::rollback_target(history, 2), Error); // it was rolled back
}

TEST_CASE("upgrade: the statuses of 0.1.0's revisions are computed, and nothing is written") {
  Upgrade up;
  auto history = release::read_history(up.cluster).take("", {});
  release::set_status(history, false);
  std::vector<std::string> found;
  for (const release::Release &one : history) found.push_back(one.status);
  CHECK(found == std::vector<std::string>{"deployed", "interrupted", "superseded", "interrupted",
                                          "failed", "failed", "superseded"});
  CHECK(up.cluster.journal.empty());
}

TEST_CASE("upgrade: an undeploy takes all of it, before and after the first deploy") {
  for (const bool deployed : {false, true}) {
    CAPTURE(deployed);
    Upgrade up;
    if (deployed) REQUIRE(up.run(Upgrade::last_set()) == Exit::ok);
    up.cluster.on_write = [&](const kube::Id &id) {
      if (id == kLive) up.cluster.api.erase({"v1", "Pod", "fixture", "hello-568875547c-hh5pq"});
    };
    deploy::undeploy(up.cluster, deploy::plan_removal(up.cluster), up.cluster.now() + 60s,
                     up.seen.listener);
    for (const auto &[id, value] : up.cluster.api.all()) {
      CAPTURE(id.text());
      CHECK(id.kind == "Namespace");
      CHECK(id.name != "fixture");
    }
  }
}
