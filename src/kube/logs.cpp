#include "hello/logs.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "hello/order.h"

namespace hello::kube {
namespace {

constexpr std::size_t kQueued = 10'000; ///< lines; then the streams wait for whoever reads them

/// A pod, as far as its logs go.
struct LogPod {
  std::string uid, name;
  bool ended = false;
  std::vector<std::string> containers{}; ///< that have run: only those have a log
  std::vector<std::string> restarted{};  ///< that have one of before their last restart, too
};

LogPod log_pod_of(const json::Value &object) {
  LogPod pod{object.text("metadata", "uid"), object.text("metadata", "name")};
  const json::Value &status = object.at("status");
  const std::string phase = status.text("phase");
  pod.ended = phase == "Succeeded" || phase == "Failed";
  for (const char *list : {"initContainerStatuses", "containerStatuses"})
    for (const json::Value &one : status.at(list).items()) {
      const json::Value &state = one.at("state");
      if (state.find("running") || state.find("terminated") || one.at("restartCount").number() > 0)
        pod.containers.push_back(one.text("name"));
      if (one.at("lastState").find("terminated")) pod.restarted.push_back(one.text("name"));
    }
  return pod;
}

Collection pods_of(const Cluster &cluster, const LogOptions &options) {
  return {"v1", "Pod", cluster.access().ns, options.selector};
}

LogQuery beginning(const LogOptions &options) {
  LogQuery query;
  query.tail_lines = options.tail;
  query.since_seconds = options.since_seconds;
  query.previous = options.previous;
  query.timestamps = true;
  return query;
}

/// The second of a kubelet's time, in the node's zone: the API server takes no fractions.
std::string second_of(const std::string &time) {
  return time.substr(0, 19) + time.substr(std::min(time.size(), time.find_first_of("Z+-", 19)));
}

void for_each_line(std::string &buffer, const std::function<void(std::string_view)> &take) {
  std::size_t from = 0;
  for (std::size_t end; (end = buffer.find('\n', from)) != std::string::npos; from = end + 1)
    take(std::string_view(buffer).substr(from, end - from));
  buffer.erase(0, from);
}

/// What the threads that follow one container each share with the main thread.
struct Flow {
  Cluster &cluster;
  std::mutex mutex;
  std::condition_variable moved; ///< a line was taken, or it is time to stop
  std::vector<LogLine> lines;
  std::map<std::string, Stream *> running;
  std::set<std::string> gone;       ///< uids of pods that will write no more
  std::optional<Failure> refusal{}; ///< the user may read no logs
  bool stopping = false;

  bool push(LogLine line) {
    std::unique_lock lock(mutex);
    moved.wait(lock, [this] { return stopping || lines.size() < kQueued; });
    if (!stopping) lines.push_back(std::move(line));
    return !stopping;
  }

  void follow(const std::string &uid, const std::string &pod, const std::string &container,
              LogQuery query) {
    const std::string key = uid + container;
    Seen seen;
    for (bool over = false; !over;) {
      std::unique_ptr<Stream> stream;
      try {
        stream = cluster.follow_log(pod, container, query);
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
      auto failure = stream->run([&](std::string_view bytes) {
        buffer += bytes;
        bool going = true;
        for_each_line(buffer, [&](std::string_view line) {
          LogLine one = log_line(pod, container, line);
          if (going && seen.fresh(one.time)) going = push(std::move(one));
        });
        return going;
      });
      // A container may end in the middle of a line. Without a time it is a word of the kubelet.
      LogLine rest = log_line(pod, container, buffer);
      if (over && !rest.time.empty() && seen.fresh(rest.time)) push(std::move(rest));
      std::unique_lock lock(mutex);
      running.erase(key);
      if (failure && failure->trouble == Trouble::forbidden) refusal = std::move(failure);
      if (moved.wait_for(lock, std::chrono::milliseconds(500), [this] { return stopping; })) return;
      seen.again();
      if (seen.last().empty()) continue;
      query = {.since_time = second_of(seen.last()), .timestamps = true};
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
  std::vector<LogPod> rows;
  Table<LogPod> table(rows, log_pod_of);
  const auto mirror = cluster.watch({{pods_of(cluster, options), &table}});
  Followers all(cluster);
  std::set<std::string> pods;
  for (bool first = true;;) {
    const bool news = mirror->wait(cluster.now() + std::chrono::milliseconds(50));
    if (options.wanted && !options.wanted()) return pods.size();
    if (const Failure *refusal = mirror->refused(0))
      throw explain(*refusal, "read the pods", cluster.access());
    if (news && mirror->complete()) {
      std::set<std::string> gone = pods;
      for (const LogPod &pod : rows) {
        pods.insert(pod.uid);
        if (pod.ended)
          gone.insert(pod.uid);
        else
          gone.erase(pod.uid);
        for (const std::string &container : pod.containers)
          if (all.known.insert(pod.uid + container).second)
            all.threads.emplace_back(
                [&flow = all.flow, uid = pod.uid, name = pod.name, container,
                 query = first ? beginning(options) : LogQuery{.timestamps = true}] {
                  flow.follow(uid, name, container, query);
                });
      }
      const std::lock_guard lock(all.flow.mutex);
      all.flow.gone = std::move(gone);
      first = false;
    }
    std::vector<LogLine> lines;
    {
      const std::lock_guard lock(all.flow.mutex);
      if (all.flow.refusal)
        throw explain(*all.flow.refusal, "read the pods' logs", cluster.access());
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
  std::vector<LogPod> pods;
  if (const auto failure = cluster.list(pods_of(cluster, options), [&](json::Value &&object) {
        pods.push_back(log_pod_of(object));
      }))
    throw explain(*failure, "read the pods", cluster.access());
  std::vector<LogLine> lines;
  for (const LogPod &pod : pods)
    for (const std::string &container : options.previous ? pod.restarted : pod.containers) {
      auto log = cluster.log(pod.name, container, beginning(options));
      if (log.failed_with(Trouble::forbidden))
        throw explain(log.failure(), "read the log of " + pod.name, cluster.access());
      if (!log && !log.failure().absent() && options.unread) // its node may not answer
        options.unread(pod.name + "/" + container, log.failure());
      if (!log) continue;
      for_each_line(*log, [&](std::string_view line) {
        lines.push_back(log_line(pod.name, container, line));
      });
      LogLine rest = log_line(pod.name, container, *log);
      if (!rest.time.empty()) lines.push_back(std::move(rest));
    }
  sort_items(lines, [](const LogLine &a, const LogLine &b) { return a.time < b.time; });
  for (const LogLine &line : lines)
    if (!take(line)) break;
  return pods.size();
}

} // namespace hello::kube
