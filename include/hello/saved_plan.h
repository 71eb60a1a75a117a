#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "hello/deploy.h"

/// A plan in a file: what was approved is what is applied.
namespace hello::deploy {

struct SavedPlan {
  std::string cluster;   ///< UID of Namespace kube-system; empty: it may not be read
  std::string authority; ///< UID of the namespace's ConfigMap kube-root-ca.crt; may be empty
  std::string ns, release;
  std::string made;                 ///< RFC 3339
  std::string salt, digest;         ///< of the whole set; salted, because Secrets are in it
  std::vector<std::string> objects; ///< lines_of() the plan
};

/// A line for each object that the plan changes: action, identity, UID, and the fields with their
/// values now and then. No values of Secrets, but the version of one that changes.
std::vector<std::string> lines_of(const Plan &plan);

/// The file's text. `time` is now, in RFC 3339.
std::string save_plan(kube::Cluster &cluster, const Set &set, const Plan &plan,
                      const std::string &time);
/// Throws Error(Exit::invalid) if the text is no saved plan.
SavedPlan read_plan(std::string_view text, const std::string &name);
/// Throws Error(Exit::no) if the plan was made for another cluster, release or set, or is older
/// than `age`.
void check_plan(kube::Cluster &cluster, const Set &set, const SavedPlan &saved,
                const std::string &time, std::chrono::seconds age);

/// What differs between the approved lines and the plan's: "- …" and "+ …".
std::vector<std::string> differences(const std::vector<std::string> &approved, const Plan &plan);
/// Throws Error(Exit::no) if something differs.
void check_approved(const std::vector<std::string> &approved, const Plan &plan);

} // namespace hello::deploy
