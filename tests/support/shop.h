#pragma once
#include <cstdlib>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "hello/deploy.h"
#include "support/fake_controller.h"
#include "support/recording.h"

namespace hello::test {

/// A cluster with its controller, and deploys to it.
struct Shop {
  FakeCluster cluster;
  FakeController controller{cluster};
  deploy::Options options{};
  Recording seen; ///< of the last run

  Shop() { ::setenv("GIT_COMMIT", "0123456789ab", 1); } // so that no git is run

  Exit run(const release::Set &set) {
    seen.events.clear();
    cluster.journal.clear();
    return deploy::run(cluster, set, options, seen.listener);
  }

  /// The Error that a run ends with.
  Error run_fails(const release::Set &set) {
    try {
      run(set);
    } catch (const Error &error) {
      return error;
    }
    FAIL("the run did not throw");
    return Error(Exit::ok, "");
  }

  std::string live_image() const {
    const json::Value *live = cluster.api.find(kDeployment);
    REQUIRE(live);
    return live->at("spec", "template", "spec", "containers").items().at(0).text("image");
  }

  std::int64_t live_replicas() const {
    return cluster.api.find(kDeployment)->at("spec", "replicas").number();
  }

  /// "ready"; empty if there is no such entry.
  std::string state_of_entry(int revision) const {
    const json::Value *entry = cluster.api.find(entry_id(revision));
    return entry ? entry->text("metadata", "labels", "hello/state") : "";
  }

  static kube::Id entry_id(int revision) {
    return {"apps/v1", "ControllerRevision", "shop", names::entry("hello", revision)};
  }

  /// The autoscaler's controller sets the count.
  void scale(std::int64_t count) {
    cluster.api.update(kDeployment, "kube-controller-manager", [&](json::Value &deployment) {
      deployment["spec"]["replicas"] = json::integer(count);
    });
    controller.roll_out();
  }

  deploy::event::Failed::Left how_it_was_left() const {
    const auto *failed = seen.last<deploy::event::Failed>();
    REQUIRE(failed);
    return failed->left;
  }

  /// Whether a warning about `object` has these words.
  bool warned(const std::string &object, const std::string &words) const {
    for (const auto &warning : seen.all<deploy::event::Warning>())
      if (warning.object == object && warning.text.find(words) != std::string::npos) return true;
    return false;
  }
};

} // namespace hello::test
