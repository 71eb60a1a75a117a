#include <algorithm>
#include <initializer_list>

#include <fmt/core.h>

#include "hello/deploy.h"

namespace hello::deploy {

using Action = Item::Action;

const kube::Live &Plan::before(const kube::Id &id) const {
  static const kube::Live none;
  const auto found = live.find(id);
  return found == live.end() ? none : found->second;
}

Item::Action Plan::action(const kube::Id &id) const {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Item &item) { return item.id == id; });
  return found == items.end() ? Action::same : found->action;
}

bool Plan::empty() const {
  return !keep_replicas && foreign.empty() &&
         std::all_of(items.begin(), items.end(),
                     [](const Item &item) { return item.action == Action::same; });
}

std::string Plan::summary() const {
  std::string text;
  const auto count = [&](std::initializer_list<Action> actions, const char *word) {
    const auto n = std::count_if(items.begin(), items.end(), [&](const Item &item) {
      return std::find(actions.begin(), actions.end(), item.action) != actions.end();
    });
    if (n) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, word);
  };
  count({Action::remove}, "to remove");
  count({Action::create}, "new");
  count({Action::change, Action::adopt}, "changed");
  count({Action::replace}, "to replace");
  count({Action::same}, "unchanged");
  if (!foreign.empty())
    text += fmt::format("{}{} owned by others", text.empty() ? "" : ", ", foreign.size());
  return text;
}

} // namespace hello::deploy
