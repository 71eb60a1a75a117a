#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "hello/order.h"

using namespace hello;

TEST_CASE("order: equal items keep their order") {
  struct Item {
    int rank;
    std::string name;
  };
  std::vector<Item> items{{2, "a"}, {1, "b"}, {2, "c"}, {0, "d"}, {1, "e"}};
  sort_items(items, [](const Item &a, const Item &b) { return a.rank < b.rank; });
  std::string names;
  for (const Item &item : items) names += item.name;
  CHECK(names == "dbeac");
}

TEST_CASE("order: items are moved, not copied") {
  std::vector<std::unique_ptr<int>> items;
  for (const int number : {3, 1, 2}) items.push_back(std::make_unique<int>(number));
  sort_items(items, [](const auto &a, const auto &b) { return *a < *b; });
  REQUIRE(items.size() == 3);
  for (int i = 0; i < 3; ++i) CHECK(*items[static_cast<std::size_t>(i)] == i + 1);
}

TEST_CASE("order: no items") {
  CHECK(order(0, [](auto, auto) { return true; }).empty());
}
