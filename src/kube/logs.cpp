#include "hello/logs.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/core.h>

#include "hello/yaml.h"

namespace hello::kube {
namespace {

using yaml::text;

constexpr std::size_t kQueued = 10'000; ///< lines; then the streams wait for whoever reads them

/// Containers of a pod that have run: only those have a log.
std::vector<std::string> with_log(const YAML::Node &pod) {
  std::vector<std::string> names;
  const YAML::Node status = yaml::at(pod, "status");
  if (!status) return names;
  for (const char *list : {"initContainerStatuses", "containerStatuses"})
    for (const YAML::Node &one : status[list]) {
      const YAML::Node state = yaml::at(one, "state");
      if ((state && (state["running"] || state["terminated"])) || text(one, "restartCount") > "0")
        names.push_back(text(one, "name"));
    }
  return names;
}

bool ended(const YAML::Node &pod) {
  const std::string phase = text(pod, "status", "phase");
  return phase == "Succeeded" || phase == "Failed";
}

void for_each_line(std::string &buffer, const std::function<void(std::string_view)> &take) {
  std::size_t from = 0;
  for (std::size_t end; (end = buffer.find('\n', from)) != std::string::npos; from = end + 1)
    take(std::string_view(buffer).substr(from, end - from));
  buffer.erase(0, from);
}

std::string log_path(const std::string &ns, const std::string &pod, const std::string &container) {
  return collection_path("v1", "Pod", ns) + "/" + pod +
         "/log?timestamps=true&container=" + query_value(container);
}

std::string beginning(const LogOptions &options) {
  std::string query;
  if (options.tail >= 0) query += fmt::format("&tailLines={}", options.tail);
  if (options.since_seconds >= 0) query += fmt::format("&sinceSeconds={}", options.since_seconds);
  return query;
}

/// What the threads that follow one container each share with the main thread.
struct Flow {
  Cluster &cluster;
  std::mutex mutex;
  std::condition_variable moved; ///< a line was taken, or it is time to stop
  std::deque<LogLine> lines;
  std::map<std::string, Stream *> running;
  std::set<std::string> gone; ///< uids of pods that will write no more
  bool stopping = false;

  bool push(LogLine line) {
    std::unique_lock lock(mutex);
    moved.wait(lock, [this] { return stopping || lines.size() < kQueued; });
    if (!stopping) lines.push_back(std::move(line));
    return !stopping;
  }

  void follow(const std::string &uid, const std::string &pod, const std::string &container,
              std::string query) {
    const std::string path = log_path(cluster.access().ns, pod, container) + "&follow=true",
                      key = uid + container;
    Seen seen;
    for (bool over = false; !over;) {
      std::unique_ptr<Stream> stream;
      try {
        stream = cluster.stream(path + query);
      } catch (const Error &) { // the proxy is gone: the main thread finds out by itself
        return;
      }
      {
        const std::lock_guard lock(mutex);
        if (stopping) return;
        over = gone.count(uid) > 0; // asked before reading: once more to the end
        running[key] = stream.get();
      }
      std::string buffer;
      stream->run([&](std::string_view bytes) {
        buffer += bytes;
        bool going = true;
        for_each_line(buffer, [&](std::string_view line) {
          LogLine one = log_line(pod, container, line);
          if (going && seen.fresh(one.time)) going = push(std::move(one));
        });
        return going;
      });
      std::unique_lock lock(mutex);
      running.erase(key);
      if (moved.wait_for(lock, std::chrono::milliseconds(500), [this] { return stopping; })) return;
      seen.again();
      if (!seen.last().empty())
        query = "&sinceTime=" + query_value(seen.last().substr(0, 19) + "Z");
    }
  }
};

/// Ends the streams and joins the threads, however it is left.
struct Followers {
  Flow flow;
  std::vector<std::thread> threads;
  std::set<std::string> known;

  explicit Followers(Cluster &cluster) : flow{cluster, {}, {}, {}, {}, {}} {}
  ~Followers() {
    {
      std::unique_lock lock(flow.mutex);
      flow.stopping = true;
      flow.moved.notify_all();
      while (!flow.running.empty()) { // again and again: one may be just about to connect
        for (const auto &[key, stream] : flow.running) stream->stop();
        flow.moved.wait_for(lock, std::chrono::milliseconds(2));
      }
    }
    for (std::thread &thread : threads) thread.join();
  }
};

std::size_t follow(Cluster &cluster, const LogOptions &options,
                   const std::function<bool(const LogLine &)> &take) {
  Mirror mirror(cluster, {{collection_path("v1", "Pod", cluster.access().ns),
                           "labelSelector=" + query_value(options.selector)}});
  Followers all(cluster);
  std::set<std::string> pods;
  unsigned long version = 0;
  for (bool first = true;;) {
    mirror.wait(sys::Clock::now() + std::chrono::milliseconds(50));
    if (options.wanted && !options.wanted()) return pods.size();
    if (mirror.refused(0))
      throw explain(Reply{mirror.refused(0), mirror.words(0)}, "read the pods", cluster.access());
    if (mirror.complete() && mirror.version(0) != version) {
      version = mirror.version(0);
      std::set<std::string> gone = pods;
      for (const auto &[uid, pod] : mirror.objects(0)) {
        pods.insert(uid);
        if (!ended(pod)) gone.erase(uid);
        for (const std::string &container : with_log(pod))
          if (all.known.insert(uid + container).second)
            all.threads.emplace_back([&flow = all.flow, id = uid,
                                      name = text(pod, "metadata", "name"), container,
                                      query = first ? beginning(options) : std::string()] {
              flow.follow(id, name, container, query);
            });
      }
      const std::lock_guard lock(all.flow.mutex);
      all.flow.gone = std::move(gone);
      first = false;
    }
    std::deque<LogLine> lines;
    {
      const std::lock_guard lock(all.flow.mutex);
      lines.swap(all.flow.lines);
      all.flow.moved.notify_all();
    }
    for (const LogLine &line : lines)
      if (!take(line)) return pods.size();
  }
}

} // namespace

LogLine log_line(std::string pod, std::string container, std::string_view line) {
  const auto space = line.find(' ');
  const bool timed = space != line.npos && space >= 20 && line[4] == '-' && line[10] == 'T';
  return {std::move(pod), std::move(container), timed ? std::string(line.substr(0, space)) : "",
          std::string(timed ? line.substr(space + 1) : line)};
}

bool Seen::fresh(const std::string &time) {
  if (time.empty()) return true;
  if (resuming_ && time < last_) return false;
  if (resuming_ && time == last_ && skip_ > 0) return --skip_, false;
  resuming_ = resuming_ && time == last_;
  at_last_ = time == last_ ? at_last_ + 1 : 1;
  last_ = time;
  return true;
}

void Seen::again() {
  resuming_ = true;
  skip_ = at_last_;
}

std::size_t read_logs(Cluster &cluster, const LogOptions &options,
                      const std::function<bool(const LogLine &)> &take) {
  if (options.follow) return follow(cluster, options, take);
  const std::string &ns = cluster.access().ns;
  const Reply reply = cluster.get(collection_path("v1", "Pod", ns) +
                                  "?labelSelector=" + query_value(options.selector));
  if (!reply.ok()) throw explain(reply, "read the pods", cluster.access());
  const YAML::Node list = parse(reply.body, "pods");
  std::vector<LogLine> lines;
  for (const YAML::Node &pod : yaml::items(yaml::at(list, "items")))
    for (const std::string &container : with_log(pod)) {
      const std::string name = text(pod, "metadata", "name");
      Reply log = cluster.get(log_path(ns, name, container) + beginning(options));
      if (log.status == 403) throw explain(log, "read the log of " + name, cluster.access());
      if (!log.ok()) continue; // it has gone meanwhile, or its node does not answer
      for_each_line(log.body, [&](std::string_view line) {
        lines.push_back(log_line(name, container, line));
      });
    }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const LogLine &a, const LogLine &b) { return a.time < b.time; });
  for (const LogLine &line : lines)
    if (!take(line)) break;
  return list["items"].size();
}

} // namespace hello::kube
