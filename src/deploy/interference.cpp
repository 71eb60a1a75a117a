#include "deploy/interference.h"

#include <algorithm>

#include "hello/fields.h"

namespace hello::deploy {
namespace {

/// A manager whose fields are others than before; ours if no other's are.
std::string changed_by(const json::Value &applied, const json::Value &live,
                       const std::string &ours) {
  const auto &before = applied.at("metadata", "managedFields").items();
  std::string found = ours;
  for (const json::Value &entry : live.at("metadata", "managedFields").items()) {
    const std::string manager = entry.text("manager"), text = json::canonical(entry);
    const bool is_new = std::none_of(before.begin(), before.end(), [&](const json::Value &old) {
      return json::canonical(old) == text;
    });
    if (is_new && manager != ours && !entry.find("subresource")) found = manager;
  }
  return found;
}

} // namespace

Interference interference(const json::Value &applied, const json::Value &live,
                          const std::string &ours) {
  const auto changes = kube::changes(kube::owned(applied, ours), kube::owned(live, ours, applied));
  return {changed_by(applied, live, ours), changes.empty() ? "" : changes.front().path};
}

} // namespace hello::deploy
