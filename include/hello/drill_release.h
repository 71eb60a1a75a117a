#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hello/drill_mark.h"
#include "hello/drill_run.h"
#include "hello/kube.h"

/// Drills on the pods of a release, through port-forwards.
namespace hello::drills {

/// Of one drill, and asked at a time.
inline constexpr std::size_t kMostPods = 20, kAtOnce = 4;

/// How requests are sent.
using Send = sys::HttpReply (*)(const std::string &url, const sys::HttpRequest &request,
                                std::chrono::milliseconds timeout);

struct Target {
  std::string pod, uid;
  bool is_running = true; ///< the service's container
};

/// Which pods a drill is for: one by its name, or a number or a share of the ready ones.
struct Wish {
  std::string pod;
  std::optional<int> pods, percent;
};

struct Choice {
  std::vector<Target> targets; ///< oldest first, then by name
  std::size_t ready = 0;       ///< ready pods of the release
  bool every = false;          ///< no other pod is ready
};

/// Chooses the pods. Throws Error(Exit::cluster) if the release runs without --drills, or has no
/// such pods, Error(Exit::usage) if they are too many.
Choice choose(kube::Cluster &cluster, const Wish &wish);

/// Begins the drill on all targets, and marks the Deployment first. If one cannot be reached or
/// refuses, stops it on those that have begun, and throws Error(Exit::failure). `now`: seconds
/// since 1970.
void begin(kube::Cluster &cluster, const Drill &drill, const std::vector<Target> &targets,
           std::time_t now, Send send = sys::http_send);

/// What all pods of the release that run say, ready or not.
std::vector<std::pair<Target, Reply>> list(kube::Cluster &cluster, Send send = sys::http_send);

/// Ends the drills of a fault, or all, on all pods; and the marks. The answers are as of list().
std::vector<std::pair<Target, Reply>> stop(kube::Cluster &cluster, std::optional<Fault> fault,
                                           std::time_t now, Send send = sys::http_send);

/// The drills that the Deployment names, as of now.
std::vector<Mark> marks_of(kube::Cluster &cluster, std::time_t now);

/// Whether one of the `words` stands in the name of a context, between separators and ends.
bool is_protected(std::string_view context, const std::vector<std::string> &words);

} // namespace hello::drills
