#pragma once
#include <string>
#include <vector>

#include "hello/deploy.h"

/// What a release leaves on record besides its set, so that nothing is lost track of.
namespace hello::deploy {

/// Objects of earlier revisions that are still there and the release's own, but not of this set.
std::vector<kube::Id> carried(const Plan &plan);

/// The first object of a set that only the history could find again: a Secret, or what is outside
/// the release's namespace. Empty: there is none.
std::string needs_history(const Set &set, const kube::Access &access);

/// Whether the namespace says that the release uses it.
bool is_noted(const json::Value &ns, const std::string &release);
/// When a namespace came to say that.
enum class Noted { before, now, cannot };
/// Writes on a namespace that hello made that this release uses it, so that the undeploy of another
/// release sees it. Where that is not allowed, warns.
Noted note_use(kube::Cluster &cluster, const std::vector<release::Release> &history,
               const Listener &emit);
/// Takes that back.
void forget_use(kube::Cluster &cluster);

} // namespace hello::deploy
