#include <mutex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "cli/view/patience.h"
#include "support/eventually.h"

using namespace hello;
namespace event = hello::deploy::event;

namespace {
/// The first line that is printed while nothing follows an event.
std::string said_after(const deploy::Event &event) {
  std::mutex mutex;
  std::string first;
  cli::Patience patience([&](const std::string &line) {
    const std::lock_guard lock(mutex);
    if (first.empty()) first = line;
  });
  patience.expect("the cluster to answer");
  patience.hear(event);
  CHECK(tests::eventually([&] {
    const std::lock_guard lock(mutex);
    return !first.empty();
  }));
  const std::lock_guard lock(mutex);
  return first;
}
} // namespace

TEST_CASE("patience: the silence after an event is explained by it") {
  CHECK(said_after(event::Note{.text = "waiting until gone: Pod/a",
                               .awaits = "Pod/a to be gone"}) == "waiting for Pod/a to be gone");
  CHECK(said_after(event::Note{.text = "by the way"}) == "waiting for the cluster to answer");
  CHECK(said_after(event::Removed{"Pod/a"}) == "waiting for the cluster to answer");
}
