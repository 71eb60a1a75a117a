#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using Left = event::Failed::Left;

TEST_CASE("deploy: a first release becomes ready and is written down") {
  Shop shop;
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.live_image() == "hello:1");
  REQUIRE(shop.seen.last<event::Ready>());
  CHECK_FALSE(shop.seen.last<event::Ready>()->unchanged);
  REQUIRE(shop.seen.last<event::Answers>());
  CHECK(shop.seen.last<event::Answers>()->first_line == "Hello!");
  CHECK(shop.seen.count<event::Warning>() == 0);
  CHECK(shop.state_of_entry(1) == "ready");
  CHECK(shop.cluster.elapsed() < 5s);
}

TEST_CASE("deploy: the same set again changes nothing, and writes nothing") {
  Shop shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.run(hello_set()) == Exit::ok);
  REQUIRE(shop.seen.last<event::Ready>());
  CHECK(shop.seen.last<event::Ready>()->unchanged);
  CHECK(shop.cluster.journal.empty());
}

TEST_CASE("deploy: a release that cannot get ready goes back to what was held before") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK(shop.seen.count<event::RollingBack>() == 1);
  CHECK(shop.live_image() == "hello:1");
  CHECK(shop.state_of_entry(2) == "rolled-back");
}
