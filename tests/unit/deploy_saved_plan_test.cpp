#include "hello/mask.h"
#include "hello/saved_plan.h"
#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;

namespace {

const std::string kNow = "2026-11-23T04:00:00Z";

struct Saved : Shop {
  Saved() {
    cluster.api.put(object("{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}"));
    REQUIRE(run(hello_set("hello:1")) == Exit::ok);
  }
  deploy::SavedPlan save(const release::Set &set) {
    const deploy::Plan plan = deploy::make_plan(cluster, set, options);
    return deploy::read_plan(deploy::save_plan(cluster, set, plan, kNow), "plan");
  }
  std::string refused(const release::Set &set, const deploy::SavedPlan &saved,
                      const std::string &time = kNow) {
    try {
      deploy::check_plan(cluster, set, saved, time, 2h);
    } catch (const Error &error) {
      CHECK(error.code() == Exit::no);
      return error.what();
    }
    return "";
  }
};

} // namespace

TEST_CASE("saved plan: what was approved is applied, as long as the cluster gives the same plan") {
  Saved shop;
  const release::Set set = hello_set("hello:2");
  const deploy::SavedPlan saved = shop.save(set);
  REQUIRE(saved.objects.size() == 1);
  CHECK(saved.objects[0].find("\"before\":\"\\\"hello:1\\\"\"") != std::string::npos);
  CHECK(shop.refused(set, saved).empty());
  shop.options.approved = saved.objects;
  SUBCASE("the same") {
    CHECK(shop.run(set) == Exit::ok);
    CHECK(shop.live_image() == "hello:2");
  }
  SUBCASE("another plan") {
    shop.cluster.api.erase(kConfigMap);
    const Error error = shop.run_fails(set);
    CHECK(error.code() == Exit::no);
    CHECK(std::string(error.what()).find("+ {\"action\":\"create\",\"kind\":\"ConfigMap\"") !=
          std::string::npos);
    CHECK(shop.cluster.times("apply") == 0);
    CHECK(shop.live_image() == "hello:1");
  }
}

TEST_CASE("saved plan: it holds for one cluster, release and set, and for a time") {
  Saved shop;
  const release::Set set = hello_set("hello:2");
  const deploy::SavedPlan saved = shop.save(set);
  CHECK(shop.refused(set, saved, "2026-11-23T06:00:00Z").empty());
  CHECK(shop.refused(set, saved, "2026-11-23T06:00:01Z").find("older than 7200 s") !=
        std::string::npos);
  CHECK(shop.refused(hello_set("hello:3"), saved).find("the set is another") != std::string::npos);
  CHECK(shop.refused(set, saved, "2026-11-23T03:00:00Z").find("yet to come") != std::string::npos);
  deploy::SavedPlan other = saved;
  other.cluster = other.authority = "";
  CHECK(shop.refused(set, other).find("whether it is for this cluster") != std::string::npos);
  other.cluster = "another";
  CHECK(shop.refused(set, other).find("another cluster") != std::string::npos);
  shop.cluster.api.put(
      object("{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: "
             "shop}}"));
  other = saved;
  other.cluster = "";
  other.authority = "another"; // only where the UID of the cluster is not known
  CHECK(shop.refused(set, other).find("another cluster") != std::string::npos);
  other = saved;
  other.authority = "of a namespace that was made anew";
  CHECK(shop.refused(set, other).empty());
  shop.cluster.set_release("web");
  CHECK(shop.refused(set, saved).find("release hello in namespace shop") != std::string::npos);
  for (const char *text :
       {"{}", "[]", "5", "", "{\"version\":1", "\xff", R"({"version":2,"digest":"d","objects":[]})",
        R"({"version":1,"digest":"d","objects":{}})"}) {
    CAPTURE(text);
    try {
      deploy::read_plan(text, "plan.json");
      FAIL("it was read");
    } catch (const Error &error) {
      CHECK(error.code() == Exit::invalid);
      CHECK(std::string(error.what()).find("plan.json") == 0);
    }
  }
}

TEST_CASE("saved plan: what differs is cut around its first difference") {
  const auto with = [](const std::string &text) {
    deploy::Plan plan;
    plan.items.push_back({deploy::Item::Action::change, {"v1", "ConfigMap", "shop", "m"}, {}});
    plan.items[0].changes.push_back({"data.x", "\"old\"", text, false});
    return plan;
  };
  const std::string much(100'000, 'a');
  const auto found =
      deploy::differences(deploy::lines_of(with(much + "one" + much)), with(much + "two" + much));
  REQUIRE(found.size() == 2);
  CHECK(found[0].starts_with("- {\"action\":\"change\",\"kind\":\"ConfigMap\""));
  CHECK(found[0].find("aaaone") != std::string::npos);
  CHECK(found[1].find("aaatwo") != std::string::npos);
  for (const std::string &line : found) CHECK(line.size() < 500);
}

TEST_CASE("saved plan: a Secret's value is masked in other objects too, and the plan still holds") {
  mask::add("saved-plan-secret");
  Saved shop;
  const release::Set set = hello_set("saved-plan-secret:2");
  const deploy::SavedPlan saved = shop.save(set);
  REQUIRE(saved.objects.size() == 1);
  CHECK(saved.objects[0].find("saved-plan-secret") == std::string::npos);
  shop.options.approved = saved.objects;
  CHECK(shop.run(set) == Exit::ok);
}

TEST_CASE("saved plan: no value of a Secret is in it, but another value is another set") {
  Saved shop;
  const auto with = [](const std::string &value) {
    release::Set set = hello_set("hello:1");
    for (const kube::Object &one : set_of("apiVersion: v1\nkind: Secret\nmetadata: {name: s, "
                                          "namespace: shop}\ndata: {k: " +
                                          value + "}\n"))
      set.push_back(one);
    return set;
  };
  REQUIRE(shop.run(with("b25lb25l")) == Exit::ok);
  const release::Set set = with("dHdvdHdv");
  const deploy::Plan plan = deploy::make_plan(shop.cluster, set, shop.options);
  const std::string text = deploy::save_plan(shop.cluster, set, plan, kNow);
  CHECK(text.find("b25l") == std::string::npos);
  CHECK(text.find("dHdv") == std::string::npos);
  CHECK(shop.refused(with("dHJlZXRyZWU="), deploy::read_plan(text, "plan")) != "");
  // A value that changed meanwhile is not shown either, but noticed.
  const auto approved = deploy::read_plan(text, "plan").objects;
  CHECK_NOTHROW(deploy::check_approved(approved, plan));
  REQUIRE(shop.run(with("Zm91cmZvdXI=")) == Exit::ok);
  shop.options.approved = approved;
  CHECK(shop.run_fails(set).code() == Exit::no);
}
