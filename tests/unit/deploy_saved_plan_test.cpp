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
  deploy::SavedPlan other = saved;
  other.cluster = "another";
  CHECK(shop.refused(set, other).find("another cluster") != std::string::npos);
  shop.cluster.set_release("web");
  CHECK(shop.refused(set, saved).find("release hello in namespace shop") != std::string::npos);
  CHECK_THROWS_AS(deploy::read_plan("{}", "plan"), Error);
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
}
