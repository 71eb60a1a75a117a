#pragma once
#include <string>
#include <variant>
#include <vector>

#include "hello/events.h"

namespace hello::test {

/// Keeps the events of a deploy as values.
class Recording {
public:
  Recording() = default;
  Recording(const Recording &) = delete;
  Recording &operator=(const Recording &) = delete;

  const deploy::Listener listener = [this](const deploy::Event &event) { events.push_back(event); };
  std::vector<deploy::Event> events; ///< what a Planned borrows is gone after the run

  template <class Kind> std::vector<Kind> all() const {
    std::vector<Kind> found;
    for (const deploy::Event &event : events)
      if (const Kind *one = std::get_if<Kind>(&event)) found.push_back(*one);
    return found;
  }
  template <class Kind> std::size_t count() const { return all<Kind>().size(); }
  /// The last one of its kind; null if there is none.
  template <class Kind> const Kind *last() const {
    const Kind *found = nullptr;
    for (const deploy::Event &event : events)
      if (const Kind *one = std::get_if<Kind>(&event)) found = one;
    return found;
  }
};

} // namespace hello::test
