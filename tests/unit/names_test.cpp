#include <doctest/doctest.h>

#include <set>
#include <string>

#include "hello/names.h"

using namespace hello;

TEST_CASE("names: the release hello has the names of 0.1.0") {
  CHECK(names::message_config("hello") == "message-config");
  CHECK(names::log_agent("hello") == "log-agent");
  CHECK(names::tls_secret("hello") == "hello-tls");
  CHECK(names::deployer("hello") == "hello-deployer");
  CHECK(names::manager("hello") == "hello");
  CHECK(names::handover("hello") == "hello-handover");
  CHECK(names::entry("hello", 12) == "hello-release-12");
}

TEST_CASE("names: another release has names of its own") {
  CHECK(names::message_config("web") == "web-message-config");
  CHECK(names::log_agent("web") == "web-log-agent");
  CHECK(names::tls_secret("web") == "web-tls");
  CHECK(names::deployer("web") == "web-deployer");
  CHECK(names::lease("web") == "web-release");
  CHECK(names::manager("web") == "hello-web");
  CHECK(names::handover("web") == "hello-web-handover");
  CHECK(names::entry("web", 3) == "web-release-3");
  CHECK(names::pods_selector("web") ==
        "app.kubernetes.io/name=hello,app.kubernetes.io/instance=web");
}

TEST_CASE("names: no field manager or entry of one release is that of another") {
  std::set<std::string> managers{std::string(names::kSharedManager)}, entries;
  const std::string releases[] = {"hello",   "web",           "hello-web",    "web-release",
                                  "release", "hello-release", "web-release-1"};
  for (const std::string &release : releases) {
    CHECK(managers.insert(names::manager(release)).second);
    CHECK(managers.insert(names::handover(release)).second);
    CHECK(entries.insert(names::entry(release, 1)).second);
  }
}

TEST_CASE("names: an entry's name tells the release and the revision") {
  for (const char *release : {"hello", "web", "web-release", "a-release-7"}) {
    const auto read = names::read_entry(names::entry(release, 31));
    REQUIRE(read);
    CHECK(read->release == release);
    CHECK(read->revision == 31);
  }
  for (const char *name : {"web-6d5", "-release-1", "web-release-", "web-release-0",
                           "web-release-x", "web-release-1x", "web-release-99999999999", ""})
    CHECK_FALSE(names::read_entry(name));
}

TEST_CASE("names: what belongs to the namespace is shared") {
  CHECK(names::is_shared("v1", "Namespace", "shop", "shop"));
  CHECK(names::is_shared("networking.k8s.io/v1", "NetworkPolicy", "default-deny", "shop"));
  CHECK(names::is_shared("v1", "ResourceQuota", "hello", "shop"));
  CHECK(names::is_shared("v1", "LimitRange", "hello", "shop"));
  CHECK_FALSE(names::is_shared("v1", "Namespace", "other", "shop"));
  CHECK_FALSE(names::is_shared("networking.k8s.io/v1", "NetworkPolicy", "hello", "shop"));
  CHECK_FALSE(names::is_shared("apps/v1", "Deployment", "hello", "shop"));
  CHECK_FALSE(names::is_shared("projectcalico.org/v3", "NetworkPolicy", "default-deny", "shop"));
}
