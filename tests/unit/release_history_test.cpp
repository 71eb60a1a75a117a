#include <doctest/doctest.h>

#include "hello/history.h"
#include "hello/yaml.h"

using namespace hello;
using release::Release;
using State = release::State;

namespace {

release::Set set_of(const std::string &message) {
  release::Set set;
  for (const YAML::Node &node :
       yaml::load_all("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
                      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: shop}\n"
                      "data: {MESSAGES: \"x\", a: \"true\", b: \"1e3\"}\n",
                      "set")) {
    json::Value object = json::parse(yaml::to_json(node), "set");
    set.push_back({kube::id_of(object), object});
  }
  set[1].value["data"]["MESSAGES"] = json::string(message);
  return set;
}

Release revision(int revision, State state, const std::string &digest = "") {
  Release one;
  one.revision = revision;
  one.state = state;
  one.digest = digest.empty() ? "digest-" + std::to_string(revision) : digest;
  one.objects = {{"v1", "Namespace", "", "shop"}, {"v1", "ConfigMap", "shop", "m"}};
  return one;
}

std::vector<int> numbers(const std::vector<Release> &all) {
  std::vector<int> out;
  for (const Release &one : all) out.push_back(one.revision);
  return out;
}

} // namespace

TEST_CASE("history: an entry comes back as it was written, set and facts") {
  const release::Set set = set_of("a\n\"b\"\n\t\x01 é \U0001F600 <b> & \u2028");
  Release one = revision(12, State::rolled_back, release::digest_of(set));
  one.who = "system:serviceaccount:ci:deployer";
  one.source = "0123456789ab+";
  one.note = "rollback to 3";
  const json::Value object = json::parse(release::entry_of(one, set, "shop"), "entry");
  const auto back = release::release_of(object);
  CHECK(release::entry_of(one, set, "shop").find("\\u003cb\\u003e \\u0026 \\u2028") !=
        std::string::npos); // as Go writes
  REQUIRE(back);
  CHECK(back->revision == 12);
  CHECK(back->name == "hello-release-12");
  CHECK(back->state == State::rolled_back);
  CHECK(back->who == one.who);
  CHECK(back->source == one.source);
  CHECK(back->note == one.note);
  CHECK(back->objects == one.objects);
  release::Set again;
  for (const json::Value &node : object.at("data", "objects").items())
    again.push_back({kube::id_of(node), node});
  CHECK(again[1].value.text("data", "MESSAGES") == set[1].value.text("data", "MESSAGES"));
  CHECK(release::digest_of(again) == one.digest);
  CHECK(release::digest_of(set_of("other")) != one.digest);
}

TEST_CASE("history: what is not a whole entry of ours is not one") {
  const std::string good = release::entry_of(revision(1, State::ready), set_of("x"), "shop");
  REQUIRE(release::release_of(json::parse(good, "entry")));
  for (const auto &[from, to] : {std::pair{"hello-release-1", "hello-release-1x"},
                                 {"hello-release-1", "hello-release-0"},
                                 {"hello-release-1", "hello-release--1"},
                                 {"hello-release-1", "hello-release-99999999999"},
                                 {"hello-release-1", "web-6d5"},
                                 {"\"ready\"", "\"glorious\""},
                                 {"hello/digest", "hello/other"},
                                 {"hello/objects", "hello/other"},
                                 {"\"metadata\"", "\"metabata\""}}) {
    std::string bad = good;
    bad.replace(bad.find(from), std::string(from).size(), to);
    CAPTURE(bad);
    CHECK_FALSE(release::release_of(json::parse(bad, "entry")));
  }
}

TEST_CASE("history: the newest ten that were ready are kept, and the newest ten others") {
  std::vector<Release> all;
  for (int number = 14; number >= 1; --number) all.push_back(revision(number, State::failed));
  CHECK(numbers(release::surplus(all)) == std::vector{4, 3, 2, 1});
  all[12].state = State::ready; // revision 2
  CHECK(numbers(release::surplus(all)) == std::vector{4, 3, 1});
  all[0].state = State::ready;
  CHECK(numbers(release::surplus(all)) == std::vector{3, 1});
  for (Release &one : all) one.state = State::ready;
  CHECK(numbers(release::surplus(all)) == std::vector{4, 3, 2, 1});
  all.resize(10);
  CHECK(release::surplus(all).empty());
}

TEST_CASE("history: what became of a revision is computed from all that is stored") {
  using enum State;
  const auto statuses = [](std::vector<Release> all, bool at_work) {
    release::set_status(all, at_work);
    std::string text;
    for (const Release &one : all) text += (text.empty() ? "" : " ") + one.status;
    return text;
  };
  const std::vector<Release> all = {revision(6, pending), revision(5, rolled_back),
                                    revision(4, ready),   revision(3, superseded),
                                    revision(2, ready),   revision(1, failed)};
  CHECK(statuses(all, true) == "pending failed deployed interrupted superseded failed");
  CHECK(statuses(all, false) == "interrupted failed deployed interrupted superseded failed");
  CHECK(statuses({revision(2, ready), revision(1, pending)}, true) == "deployed interrupted");
}

TEST_CASE("rollback: goes to the newest ready release before the live one, with another set") {
  using enum State;
  const auto target = [](std::vector<Release> all) {
    return release::rollback_target(all, std::nullopt).revision;
  };
  CHECK(target({revision(3, ready), revision(2, ready), revision(1, ready)}) == 2);
  CHECK(target({revision(3, failed), revision(2, ready)}) == 2);
  CHECK(target({revision(3, pending), revision(2, failed), revision(1, ready)}) == 1);
  CHECK(target({revision(4, rolled_back), revision(3, ready), revision(2, failed),
                revision(1, ready)}) == 1);
  CHECK(target({revision(4, superseded), revision(3, ready), revision(2, ready)}) == 2);
  CHECK(target({revision(3, ready, "same"), revision(2, ready, "same"), revision(1, ready)}) == 1);
  const std::vector<Release> all = {revision(3, ready), revision(2, failed)};
  CHECK_THROWS_WITH(
      target(all),
      "the history has no earlier revision that was ready and differs from the current one");
  CHECK_THROWS_AS(target({}), Error);
  CHECK(release::rollback_target(all, 3).revision == 3);
  CHECK_THROWS_WITH(release::rollback_target(all, 2), "revision 2 was never ready");
  CHECK(release::find_revision(all, 2).revision == 2);
  CHECK_THROWS_WITH(release::rollback_target(all, 7), "no revision 7 in the history; it has: 3, 2");
}
