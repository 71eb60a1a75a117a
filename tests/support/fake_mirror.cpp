#include "support/fake_mirror.h"

namespace hello::test {

FakeMirror::FakeMirror(FakeCluster &cluster, std::vector<kube::Source> sources)
    : cluster_(cluster), sources_(std::move(sources)), states_(sources_.size()) {}

bool FakeMirror::wait(sys::Deadline deadline) {
  const std::lock_guard lock(cluster_.mutex_);
  for (;;) {
    if (take_news()) return true;
    if (cluster_.now_ >= deadline) return false;
    cluster_.pass(deadline);
  }
}

const kube::Failure *FakeMirror::refused(std::size_t source) const {
  const auto &refused = states_[source].refused;
  return refused ? &*refused : nullptr;
}

/// Whether there was anything new.
bool FakeMirror::take_news() {
  bool news = std::exchange(offline_, cluster_.offline_) != cluster_.offline_;
  if (offline_) return news;
  for (std::size_t source = 0; source < sources_.size(); ++source)
    if (follow(source)) news = true;
  return !std::exchange(listed_, true) || news;
}

bool FakeMirror::follow(std::size_t source) {
  const auto &[collection, sink] = sources_[source];
  State &state = states_[source];
  const bool was_refused = state.refused.has_value();
  state.refused = cluster_.scripted(Operation::watch, collection.kind);
  if (state.refused) return !was_refused;
  bool news = was_refused;
  std::map<std::string, std::string> gone = state.known;
  for (const json::Value *found : cluster_.api.matching(collection)) {
    const std::string uid = found->text("metadata", "uid"),
                      version = found->text("metadata", "resourceVersion");
    gone.erase(uid);
    if (std::exchange(state.known[uid], version) == version) continue;
    sink->put(uid, *found);
    news = true;
  }
  for (const auto &[uid, version] : gone) {
    sink->erase(uid);
    state.known.erase(uid);
    news = true;
  }
  return news;
}

} // namespace hello::test
