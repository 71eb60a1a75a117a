#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "hello/kube.h"

/// The log lines of all pods of a selector, across rollouts, restarts and lost connections.
namespace hello::kube {

struct LogLine {
  std::string pod, container, time,
      text; ///< time: RFC 3339 with nine digits of a second, as the kubelet writes it
};

struct LogOptions {
  std::string selector;
  bool follow = false;
  bool previous = false;           ///< of the containers before their last restart
  std::int64_t tail = -1;          ///< lines of each container that is there at the start; -1: all
  std::int64_t since_seconds = -1; ///< only so old; -1: all
  std::function<bool()> wanted{};  ///< asked now and then while following: false ends it
  /// Without follow: gets each container ("pod/container") whose log is there and cannot be read.
  std::function<void(const std::string &container, const Failure &)> unread{};
};

/// "2026-11-23T04:00:00.123456789Z text" in two; a line without a time has an empty one.
LogLine log_line(std::string pod, std::string container, std::string_view line);

/// Leaves out what came before a connection was lost and comes again after it: the server knows
/// seconds only.
class Seen {
public:
  /// True if the line is new. Lines of one container, in order.
  bool fresh(const std::string &time);
  /// After a reconnection, before its first line.
  void again();
  const std::string &last() const { return last_; }

private:
  std::string last_;
  std::size_t at_last_ = 0,
              skip_ = 0; ///< lines with the time last_: seen, and still to be left out
  bool resuming_ = false;
};

/// Gives the lines to `take` on the calling thread: without follow in the order of their times,
/// then returns; with follow as they come, until take returns false or an interruption throws. Pods
/// that come later are followed from their first line. Throws Error(Exit::cluster) if the pods
/// cannot be read. Main thread. Returns the number of pods that it found.
std::size_t read_logs(Cluster &cluster, const LogOptions &options,
                      const std::function<bool(const LogLine &)> &take);

} // namespace hello::kube
