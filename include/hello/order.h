#pragma once
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace hello {

/// Whether the item of the first index comes before that of the second.
using ComesBefore = std::function<bool(std::size_t, std::size_t)>;

/// The indices of `count` items in order; equal ones keep theirs.
std::vector<std::size_t> order(std::size_t count, const ComesBefore &before);

/// Sorts items; equal ones keep their order. All types share one sort, of indices: std::stable_sort
/// takes some 3 KB of code for each type.
template <typename Item, typename Before>
void sort_items(std::vector<Item> &items, const Before &before) {
  std::vector<Item> sorted;
  sorted.reserve(items.size());
  for (const std::size_t i : order(
           items.size(), [&](std::size_t a, std::size_t b) { return before(items[a], items[b]); }))
    sorted.push_back(std::move(items[i]));
  items = std::move(sorted);
}

} // namespace hello
