#include "kube/client/mirror.h"

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

#include "hello/process.h"
#include "kube/client/answers.h"
#include "kube/client/errors.h"
#include "kube/client/paths.h"

namespace hello::kube {
namespace {

using namespace std::chrono_literals;

/// A thread that is so far ahead waits.
constexpr std::size_t kQueuedBytes = 4 << 20;

/// Half of an object, and no concern of those who watch.
constexpr std::string_view kManagers = "managedFields";

/// The same again may be answered soon.
bool is_outage(const Failure &failure) {
  return failure.retryable || failure.trouble == Trouble::too_many_requests;
}

std::chrono::milliseconds pause_after(const Failure &failure) {
  if (failure.trouble == Trouble::too_many_requests) return failure.again;
  return is_outage(failure) ? 500ms : 10s;
}

/// Calls `take` for each whole line, as long as it returns true, and keeps the rest.
bool take_lines(std::string &buffer, std::string_view bytes,
                const std::function<bool(std::string_view)> &take) {
  buffer += bytes;
  std::size_t from = 0;
  bool going = true;
  for (std::size_t end; going && (end = buffer.find('\n', from)) != buffer.npos; from = end + 1)
    going = take(std::string_view(buffer).substr(from, end - from));
  buffer.erase(0, from);
  return going;
}

} // namespace

WatchedMirror::WatchedMirror(Proxy &proxy, std::vector<Source> sources)
    : proxy_(proxy), sources_(std::move(sources)), states_(sources_.size()),
      streams_(sources_.size()), wake_(sys::make_pipe(O_CLOEXEC | O_NONBLOCK)) {
  for (std::size_t i = 0; i < sources_.size(); ++i) threads_.emplace_back([this, i] { run(i); });
}

WatchedMirror::~WatchedMirror() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    moved_.notify_all();
    for (bool running = true; running;) { // again and again: one may be just about to connect
      running = false;
      for (Stream *stream : streams_)
        if (stream) {
          running = true;
          stream->stop();
        }
      if (running) moved_.wait_for(lock, 2ms);
    }
  }
  for (std::thread &thread : threads_) thread.join();
}

bool WatchedMirror::push(News news) {
  {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return stopping_ || queued_bytes_ < kQueuedBytes; });
    if (stopping_) return false;
    queued_bytes_ += news.text.size();
    news_.push_back(std::move(news));
  }
  [[maybe_unused]] const ssize_t n = ::write(wake_.write.get(), "!", 1);
  return true;
}

std::optional<Failure> WatchedMirror::watch(std::size_t source, const std::string &version) {
  const std::string path = query_path(sources_[source].collection);
  const auto stream = proxy_.stream(path + (path.find('?') == path.npos ? "?" : "&") +
                                    "watch=1&allowWatchBookmarks=true&timeoutSeconds=300"
                                    "&resourceVersion=" +
                                    version);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return std::nullopt;
    streams_[source] = stream.get();
  }
  std::string buffer;
  const auto failure = stream->run([&](std::string_view bytes) {
    return take_lines(buffer, bytes, [&](std::string_view line) {
      if (line.starts_with("{\"type\":\"ERROR\"")) return false; // 410 Gone: list again
      return line.starts_with("{\"type\":\"BOOKMARK\"") ||
             push({News::Kind::change, source, std::string(line)});
    });
  });
  const std::lock_guard lock(mutex_);
  streams_[source] = nullptr;
  moved_.notify_all();
  return failure;
}

/// One list and the watch that follows it. Returns how long to wait before the next.
std::chrono::milliseconds WatchedMirror::follow(std::size_t source) {
  auto list = proxy_.get(query_path(sources_[source].collection));
  if (!list) {
    push({News::Kind::failure, source, {}, list.failure()});
    return pause_after(list.failure());
  }
  const std::string version = list_version(*list, "list");
  if (!push({News::Kind::list, source, std::move(*list)})) return 0ms;
  const auto failure = watch(source, version);
  if (!failure) return 100ms;
  if (failure->trouble == Trouble::forbidden) push({News::Kind::failure, source, {}, *failure});
  return pause_after(*failure);
}

void WatchedMirror::run(std::size_t source) {
  for (;;) {
    std::chrono::milliseconds rest = 500ms;
    try {
      rest = follow(source);
    } catch (const Error &) { // an interruption, or no proxy: the main thread notices by itself
      push({News::Kind::failure, source, {}, failure_of_status(0, "kubectl proxy is gone")});
    }
    std::unique_lock lock(mutex_);
    if (moved_.wait_for(lock, rest, [this] { return stopping_; })) return;
  }
}

void WatchedMirror::take(const News &news) {
  State &state = states_[news.source];
  Sink &sink = *sources_[news.source].sink;
  state.offline = news.kind == News::Kind::failure && is_outage(news.failure);
  if (state.offline) return;
  if (news.kind == News::Kind::failure) {
    state.listed = true;
    state.refused = news.failure;
    return;
  }
  if (news.kind == News::Kind::change) {
    const json::Value event = object_of(news.text, "watch event", kManagers);
    const json::Value &object = event.at("object");
    const std::string uid = object.text("metadata", "uid");
    if (event.text("type") == "DELETED")
      sink.erase(uid);
    else
      sink.put(uid, object);
    return;
  }
  state.listed = true;
  state.refused.reset();
  sink.clear();
  for_each_item(
      news.text, "list",
      [&](json::Value &&object) { sink.put(object.text("metadata", "uid"), object); }, kManagers);
}

bool WatchedMirror::wait(sys::Deadline deadline) {
  if (offline()) proxy_.await(); // it may have ended
  const int fds[] = {wake_.read.get()};
  if (!sys::wait_readable(fds, deadline)) return false;
  std::string ignored;
  sys::drain(wake_.read.get(), ignored);
  std::vector<News> news;
  {
    const std::lock_guard lock(mutex_);
    news.swap(news_);
    queued_bytes_ = 0;
    moved_.notify_all();
  }
  for (const News &one : news) take(one);
  return true;
}

bool WatchedMirror::complete() const {
  for (const State &state : states_)
    if (!state.listed) return false;
  return true;
}

bool WatchedMirror::offline() const {
  for (const State &state : states_)
    if (state.offline) return true;
  return false;
}

const Failure *WatchedMirror::refused(std::size_t source) const {
  const auto &refused = states_[source].refused;
  return refused ? &*refused : nullptr;
}

} // namespace hello::kube
