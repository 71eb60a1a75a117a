#pragma once
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "hello/kube.h"
#include "support/fake_kubectl.h"

namespace hello::test {

using Words = std::vector<std::string>;

/// A cluster behind a kubectl that the test scripts.
struct Lab {
  FakeKubectl kubectl;
  std::unique_ptr<kube::Cluster> cluster = kube::connect({"lab", "shop"});

  /// The arguments of the last call after the context, which every call has.
  Words args() const {
    const auto calls = kubectl.calls();
    REQUIRE_FALSE(calls.empty());
    Words words = calls.back().args;
    REQUIRE_FALSE(words.empty());
    CHECK(words.front() == "--context=lab");
    words.erase(words.begin());
    return words;
  }
  std::string input() const { return kubectl.calls().back().input; }
};

inline const kube::Id kMap{"v1", "ConfigMap", "shop", "m"};
inline const std::string kPods = "/api/v1/namespaces/shop/pods",
                         kMapPath = "/api/v1/namespaces/shop/configmaps/m";

/// The error's words with its hint, and exit code.
template <class Action> std::string error_of(const Action &action, Exit code) {
  try {
    action();
  } catch (const Error &error) {
    CHECK(error.code() == code);
    return error.words();
  }
  return "no error";
}

} // namespace hello::test
