#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "hello/kube.h"
#include "hello/yaml.h"

namespace hello::kube {
namespace {

struct News {
  std::size_t source;
  int status; ///< 200: `text` is a list; 0: no answer; -1: `text` is one watch event; else refused
  std::string text;
};

struct Copy {
  std::map<std::string, YAML::Node> objects;
  unsigned long version = 0;
  bool listed = false, offline = false;
  int refused = 0;
  std::string words;
};

/// Finds metadata.resourceVersion of a list without parsing it: it stands before the items, as
/// Kubernetes writes JSON.
std::string list_version(std::string_view json) {
  constexpr std::string_view key = "\"resourceVersion\":\"";
  const auto at = json.find(key);
  if (at == std::string_view::npos) return "0";
  const auto from = at + key.size();
  return std::string(json.substr(from, json.find('"', from) - from));
}

} // namespace

struct Mirror::Inner {
  Cluster &cluster;
  std::vector<Source> sources;
  std::vector<Copy> copies;
  std::mutex mutex;
  std::condition_variable stopped;
  std::deque<News> news;
  std::vector<Stream *> streams; ///< running; under mutex
  bool stopping = false;
  int wake[2] = {-1, -1};
  std::vector<std::thread> threads;

  void tell(News one) {
    {
      const std::lock_guard lock(mutex);
      news.push_back(std::move(one));
    }
    [[maybe_unused]] const ssize_t n = ::write(wake[1], "!", 1);
  }

  /// One list and the watch that follows it. Returns how long to wait before the next.
  std::chrono::milliseconds follow(std::size_t i) {
    const std::string base =
        sources[i].path + "?" + sources[i].query + (sources[i].query.empty() ? "" : "&");
    const Reply list =
        cluster.get(sources[i].path + (sources[i].query.empty() ? "" : "?" + sources[i].query));
    tell({i, list.status >= 500 ? 0 : list.status, list.body});
    if (!list.ok())
      return std::chrono::milliseconds(list.status == 403 || list.status == 404 ? 10'000 : 500);
    const auto stream = cluster.stream(
        base + "watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=" +
        list_version(list.body));
    {
      const std::lock_guard lock(mutex);
      if (stopping) return {};
      streams[i] = stream.get();
    }
    std::string buffer;
    const Reply end = stream->run([&](std::string_view bytes) {
      buffer += bytes;
      for (std::size_t line; (line = buffer.find('\n')) != std::string::npos;
           buffer.erase(0, line + 1)) {
        if (buffer.starts_with("{\"type\":\"ERROR\""))
          return false; // 410 Gone, or the server is going: list again
        if (!buffer.starts_with("{\"type\":\"BOOKMARK\"")) tell({i, -1, buffer.substr(0, line)});
      }
      return true;
    });
    {
      const std::lock_guard lock(mutex);
      streams[i] = nullptr;
    }
    if (end.status == 403) tell({i, 403, end.body});
    return std::chrono::milliseconds(end.ok() ? 100 : end.status == 403 ? 10'000 : 500);
  }

  void watch(std::size_t i) {
    for (;;) {
      std::chrono::milliseconds rest{500};
      try {
        rest = follow(i);
      } catch (
          const Error &) { // interrupted, or the proxy is gone: the main thread finds out by itself
        tell({i, 0, "kubectl proxy is gone"});
      }
      std::unique_lock lock(mutex);
      if (stopped.wait_for(lock, rest, [this] { return stopping; })) return;
    }
  }

  void take(const News &one) {
    Copy &copy = copies[one.source];
    copy.offline = one.status == 0;
    if (one.status == 0) return;
    ++copy.version;
    if (one.status == -1) {
      const YAML::Node event = parse(one.text, "watch event");
      const YAML::Node object = yaml::at(event, "object");
      const auto uid = yaml::text(object, "metadata", "uid");
      if (yaml::text(event, "type") == "DELETED")
        copy.objects.erase(uid);
      else
        copy.objects.erase(uid),
            copy.objects.emplace(uid, object); // never assigned: yaml-cpp would alias
      return;
    }
    copy.listed = true;
    copy.refused = one.status == 200 ? 0 : one.status;
    copy.words = one.status == 200 ? "" : one.text;
    if (one.status != 200) return; // a watch that is refused leaves what the list had
    copy.objects.clear();
    const YAML::Node list = parse(one.text, sources[one.source].path);
    for (const YAML::Node &object : yaml::items(yaml::at(list, "items")))
      copy.objects.emplace(yaml::text(object, "metadata", "uid"), object);
  }
};

Mirror::Mirror(Cluster &cluster, std::vector<Source> sources)
    : inner_(new Inner{cluster, std::move(sources), {}, {}, {}, {}, {}, false, {-1, -1}, {}}) {
  const std::size_t n = inner_->sources.size();
  inner_->copies.resize(n);
  inner_->streams.resize(n);
  if (::pipe2(inner_->wake, O_CLOEXEC | O_NONBLOCK) != 0)
    throw Error(Exit::failure, "no descriptors left for a pipe");
  for (std::size_t i = 0; i < n; ++i) inner_->threads.emplace_back([this, i] { inner_->watch(i); });
}

Mirror::~Mirror() {
  {
    std::unique_lock lock(inner_->mutex);
    inner_->stopping = true;
    inner_->stopped.notify_all();
    for (bool running = true; running;) { // again and again: one may be just about to connect
      running = false;
      for (Stream *stream : inner_->streams)
        if (stream) {
          running = true;
          stream->stop();
        }
      if (running) inner_->stopped.wait_for(lock, std::chrono::milliseconds(2));
    }
  }
  for (std::thread &thread : inner_->threads) thread.join();
  ::close(inner_->wake[0]);
  ::close(inner_->wake[1]);
}

bool Mirror::wait(sys::Deadline deadline) {
  const int fds[] = {inner_->wake[0]};
  if (!sys::wait_readable(fds, deadline)) return false;
  std::string ignored;
  sys::drain(inner_->wake[0], ignored);
  std::deque<News> news;
  {
    const std::lock_guard lock(inner_->mutex);
    news.swap(inner_->news);
  }
  for (const News &one : news) inner_->take(one);
  return true;
}

bool Mirror::complete() const {
  for (const Copy &copy : inner_->copies)
    if (!copy.listed) return false;
  return true;
}
bool Mirror::offline() const {
  for (const Copy &copy : inner_->copies)
    if (copy.offline) return true;
  return false;
}
int Mirror::refused(std::size_t source) const { return inner_->copies[source].refused; }
const std::string &Mirror::words(std::size_t source) const { return inner_->copies[source].words; }
const std::map<std::string, YAML::Node> &Mirror::objects(std::size_t source) const {
  return inner_->copies[source].objects;
}
unsigned long Mirror::version(std::size_t source) const { return inner_->copies[source].version; }

} // namespace hello::kube
