#include "deploy/live_text.h"
#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using Left = event::Failed::Left;

namespace {

/// A set whose pods read their text from the ConfigMap while they run.
release::Set live_set(const std::string &text, std::int64_t pods = 2) {
  release::Set set = hello_set();
  in(set, "ConfigMap")["data"]["MESSAGES"] = json::string(text);
  in(set, "Deployment")["spec"]["replicas"] = json::integer(pods);
  in(set, "Deployment")["spec"]["template"]["spec"] =
      object("{containers: [{name: hello, image: 'hello:1', args: [serve, "
             "--messages-file=/etc/hello/MESSAGES], volumeMounts: [{name: messages, mountPath: "
             "/etc/hello}]}], volumes: [{name: messages, configMap: {name: m}}]}");
  return set;
}

/// A shop with the text "old" in all of its pods.
struct Live : Shop {
  explicit Live(std::int64_t pods = 2) {
    REQUIRE(run(live_set("old", pods)) == Exit::ok);
    cluster.replies = {{200, "old\n"}};
  }
  std::string text_in_cluster() const {
    return cluster.api.find(kConfigMap)->text("data", "MESSAGES");
  }
  bool noted(const std::string &words) const {
    for (const auto &note : seen.all<event::Note>())
      if (note.text.find(words) != std::string::npos) return true;
    return false;
  }
};

} // namespace

TEST_CASE("a live text is deployed once the pods answer with it") {
  Live shop;
  const auto before = shop.cluster.elapsed();
  shop.cluster.after(40s, [&] { shop.cluster.replies = {{200, "new\n"}}; });
  CHECK(shop.run(live_set("new")) == Exit::ok);
  CHECK(shop.cluster.elapsed() - before >= 40s);
  CHECK(shop.noted("waiting for the pods to show the new message"));
  CHECK(shop.noted("the new message is shown by all pods asked: 2 of 2"));
  CHECK(shop.state_of_entry(2) == "ready");
}

TEST_CASE("a first deploy, an unchanged text, a restart and --no-verify ask no pod for the text") {
  Live shop;
  CHECK(shop.run(live_set("old")) == Exit::ok);
  CHECK(shop.cluster.times("forward pod/") == 0);
  shop.options.verify = false;
  CHECK(shop.run(live_set("new")) == Exit::ok);
  CHECK(shop.cluster.times("forward pod/") == 0);
  Shop restarting;
  REQUIRE(restarting.run(hello_set()) == Exit::ok);
  restarting.cluster.replies = {{200, "hi\n"}};
  release::Set set = hello_set();
  in(set, "ConfigMap")["data"]["MESSAGES"] = json::string("new");
  CHECK(restarting.run(set) == Exit::ok);
  CHECK_FALSE(restarting.seen.last<event::Failing>());
}

TEST_CASE("a live text that pods refuse fails at once with their reason, and goes back") {
  for (
      const char *line :
      {R"({"time":"t","level":"warning","message":"m","event":"messages_kept","seq":7,"file":"f","reason":"its pages do not fit the memory budget"})",
       "t warning messages not changed: the old text stays event=messages_kept seq=7 file=f "
       "reason=\"its pages do not fit the memory budget\""}) {
    Live shop;
    const auto before = shop.cluster.elapsed();
    shop.cluster.after(5s, [&] {
      shop.cluster.logs["hello-1-2/hello"] =
          R"({"event":"request","path":"/messages_kept"})" + std::string("\n") + line + "\n";
    });
    CHECK(shop.run(live_set("new")) == Exit::rollout);
    CHECK(shop.cluster.elapsed() - before < 20s);
    const auto *failing = shop.seen.last<event::Failing>();
    REQUIRE(failing);
    const kube::Problem &problem = failing->outcome.problems.at(0);
    CHECK(problem.object() == "Pod/hello-1-2");
    CHECK(problem.evidence.find("its pages do not fit the memory budget") != std::string::npos);
    CHECK(shop.how_it_was_left() == Left::rolled_back);
    CHECK(shop.text_in_cluster() == "old");
  }
}

TEST_CASE("a live text that does not arrive in time fails, and the earlier ConfigMap comes back") {
  Live shop;
  shop.options.timeout = 30s;
  CHECK(shop.run(live_set("new")) == Exit::rollout);
  const auto *failing = shop.seen.last<event::Failing>();
  REQUIRE(failing);
  CHECK(failing->outcome.state == deploy::Outcome::State::timed_out);
  CHECK(failing->outcome.problems.at(0).what ==
        "2 of the pods asked still show the earlier message");
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK(shop.text_in_cluster() == "old");
}

TEST_CASE("pods that cannot be asked for a live text are not checked") {
  Live shop;
  shop.cluster.replies = {{0, "refused"}};
  shop.run(live_set("new"));
  CHECK(shop.warned("ConfigMap/m", "not checked whether 2 of 2 pods show the new message"));
  Live closed;
  closed.cluster.fail_always(Operation::forward, failure(kube::Trouble::forbidden));
  closed.run(live_set("new"));
  CHECK(closed.warned("ConfigMap/m", "not checked whether 2 of 2 pods show the new message"));
}

TEST_CASE("of many pods, 50 are asked for a live text, ten at a time") {
  Live shop(120);
  shop.cluster.replies = {{200, "new\n"}};
  CHECK(shop.run(live_set("new", 120)) == Exit::ok);
  CHECK(shop.cluster.times("forward pod/") == 51); // one of them for the final request
  CHECK(shop.noted("the new message is shown by all pods asked: 50 of 120"));
}

TEST_CASE("a live text of more than the client reads is compared as far as that") {
  Live shop;
  const std::string text(100'000, 'x');
  shop.cluster.replies = {{200, text.substr(0, 65'536)}};
  CHECK(shop.run(live_set(text)) == Exit::ok);
}
