#pragma once
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "hello/fd.h"
#include "hello/kube.h"
#include "kube/client/proxy.h"

namespace hello::kube {

/// Watches of the API server, one thread for each source; the sinks are filled in wait().
/// Source: kubernetes.io, "Kubernetes API Concepts", efficient detection of changes
class WatchedMirror final : public Mirror {
public:
  WatchedMirror(Proxy &proxy, std::vector<Source> sources);
  ~WatchedMirror() override;

  bool wait(sys::Deadline deadline) override;
  bool complete() const override;
  bool offline() const override;
  const Failure *refused(std::size_t source) const override;

private:
  /// What a thread has received.
  struct News {
    enum class Kind { list, change, failure } kind;
    std::size_t source;
    std::string text{}; ///< JSON
    Failure failure{};
  };
  struct State {
    bool listed = false, offline = false;
    std::optional<Failure> refused{};
  };

  void run(std::size_t source);
  std::chrono::milliseconds follow(std::size_t source);
  std::optional<Failure> watch(std::size_t source, const std::string &version);
  /// Hands it to wait(); waits while that is far behind. Returns false once stopping.
  bool push(News news);
  void take(const News &news);

  Proxy &proxy_;
  std::vector<Source> sources_;
  std::vector<State> states_;
  std::mutex mutex_;
  std::condition_variable moved_; ///< news were taken, a stream has ended, or it is time to stop
  std::vector<News> news_;        ///< under mutex_, as all below
  std::size_t queued_bytes_ = 0;
  std::vector<Stream *> streams_; ///< running
  bool stopping_ = false;
  sys::Pipe wake_; ///< a byte for each piece of news
  std::vector<std::thread> threads_;
};

} // namespace hello::kube
