#include "server/site/metrics.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "hello/notice.h"
#include "hello/version.h"

namespace hello::server {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

void append_requests(Exposition &out, const MetricsSources &sources) {
  out.family("hello_http_requests", "counter", "",
             "Requests answered, by route, method and status code.");
  for (std::size_t route = 0; route < kRoutes.size(); ++route)
    for (std::size_t method = 0; method < kMethods.size(); ++method)
      for (std::size_t code = 0; code < kCodes.size(); ++code) {
        std::uint64_t sum = 0;
        for (const auto &loop : sources.loops) sum += loop->requests[route][method][code].get();
        // These series of the page exist from the start: rate() needs a zero to start from.
        const bool always = route == 0 && method == 0 &&
                            (kCodes[code] == 200 || kCodes[code] == 500 || kCodes[code] == 503);
        if (sum > 0 || always)
          out.sample("_total",
                     fmt::format("route=\"{}\",method=\"{}\",code=\"{}\"", kRoutes[route],
                                 kMethods[method],
                                 kCodes[code] == 0 ? "other" : fmt::format_int(kCodes[code]).str()),
                     sum);
      }
  out.family("hello_http_request_duration_seconds", "histogram", "seconds",
             "Time from a request's last byte to its response being made.");
  for (std::size_t route = 0; route < kRoutes.size(); ++route) {
    std::array<std::uint64_t, kBuckets.size() + 1> counts{};
    std::uint64_t sum_ns = 0, all = 0;
    for (const auto &loop : sources.loops) {
      const Histogram &histogram = loop->durations[route];
      for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += histogram.counts[i].get();
      sum_ns += histogram.sum_ns.get();
    }
    if (route != 0 && std::all_of(counts.begin(), counts.end(), [](auto n) { return n == 0; }))
      continue;
    for (std::size_t i = 0; i < counts.size(); ++i)
      out.sample("_bucket",
                 fmt::format("route=\"{}\",le=\"{}\"", kRoutes[route],
                             i < kBuckets.size() ? kBuckets[i].le : "+Inf"),
                 all += counts[i]);
    const std::string labels = fmt::format("route=\"{}\"", kRoutes[route]);
    out.sample("_sum", labels, seconds(sum_ns));
    out.sample("_count", labels, all);
  }
}

void append_connections(Exposition &out, const Status &status) {
  std::int64_t in_flight = 0;
  std::uint64_t received = 0, sent = 0;
  const auto each_loop = [&](auto visit) {
    for (unsigned n = 0; n < status.public_loops(); ++n) visit(status.public_loop(n));
  };
  each_loop([&](const LoopStatus &loop) {
    in_flight += loop.reading.load(kRelaxed) + loop.writing.load(kRelaxed);
    received += loop.received_bytes.load(kRelaxed);
    sent += loop.sent_bytes.load(kRelaxed);
  });
  const auto gauge = [](std::int64_t value) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
  };
  out.family("hello_http_requests_in_flight", "gauge", "",
             "Public requests being read or answered now.");
  out.sample("", "", gauge(in_flight));
  out.family("hello_http_received_bytes", "counter", "bytes",
             "Bytes read from public connections.");
  out.sample("_total", "", received);
  out.family("hello_http_sent_bytes", "counter", "bytes", "Bytes written to public connections.");
  out.sample("_total", "", sent);

  constexpr std::pair<std::string_view, std::atomic<std::int64_t> LoopStatus::*> kStates[] = {
      {"idle", &LoopStatus::idle},
      {"reading", &LoopStatus::reading},
      {"writing", &LoopStatus::writing},
      {"closing", &LoopStatus::closing}};
  out.family("hello_connections", "gauge", "", "Open connections, by listener and state.");
  for (const auto &[name, state] : kStates) {
    std::int64_t open = 0;
    each_loop(
        [&, member = state](const LoopStatus &loop) { open += (loop.*member).load(kRelaxed); });
    out.sample("", fmt::format("listener=\"public\",state=\"{}\"", name), gauge(open));
    out.sample("", fmt::format("listener=\"admin\",state=\"{}\"", name),
               gauge((status.admin_loop().*state).load(kRelaxed)));
  }
  out.family("hello_connections_accepted", "counter", "", "Connections accepted, by listener.");
  std::uint64_t accepted = 0;
  each_loop([&](const LoopStatus &loop) { accepted += loop.accepted.load(kRelaxed); });
  out.sample("_total", "listener=\"public\"", accepted);
  out.sample("_total", "listener=\"admin\"", status.admin_loop().accepted.load(kRelaxed));
}

/// Refusals with a response (counted by the handlers) and without one (counted by the loops).
void append_refused(Exposition &out, const MetricsSources &sources) {
  std::vector<std::pair<std::string_view, std::uint64_t>> reasons;
  const auto add = [&](std::string_view reason, std::uint64_t count) {
    const auto at = std::find_if(reasons.begin(), reasons.end(),
                                 [&](const auto &row) { return row.first == reason; });
    if (at == reasons.end())
      reasons.emplace_back(reason, count);
    else
      at->second += count;
  };
  const Status &status = sources.status;
  for (unsigned n = 0; n <= status.public_loops(); ++n) {
    const LoopStatus &loop =
        n < status.public_loops() ? status.public_loop(n) : status.admin_loop();
    add("evicted", loop.evicted.load(kRelaxed));
    add("memory", loop.evicted_for_memory.load(kRelaxed));
    add("timed_out", loop.timed_out.load(kRelaxed));
    add("turned_away", loop.turned_away.load(kRelaxed));
  }
  for (const auto &loop : sources.loops) {
    const std::size_t size = loop->refused_size.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < size; ++i)
      add(loop->refused[i].reason, loop->refused[i].count.get());
  }
  out.family("hello_refused", "counter", "", "Connections and requests turned away, by reason.");
  for (const auto &[reason, count] : reasons)
    out.sample("_total", fmt::format("reason=\"{}\"", reason), count);
}

void append_memory(Exposition &out, const Budget &budget) {
  out.family("hello_memory_budget_bytes", "gauge", "bytes",
             "Memory that connections and versions of the page may take together.");
  out.sample("", "", budget.limit_bytes());
  out.family("hello_memory_charged_bytes", "gauge", "bytes",
             "What they take now, kernel buffers included, by upper bounds.");
  out.sample("", "", budget.charged_bytes());
}

} // namespace

std::string seconds(std::uint64_t ns) {
  return fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
}

void Exposition::family(std::string_view name, std::string_view type, std::string_view unit,
                        std::string_view help) {
  name_ = name;
  const std::string_view total = type == "counter" && !open_metrics_ ? "_total" : "";
  fmt::format_to(std::back_inserter(out_), "# HELP {}{} {}\n# TYPE {}{} {}\n", name, total, help,
                 name, total, type);
  if (open_metrics_ && !unit.empty())
    fmt::format_to(std::back_inserter(out_), "# UNIT {} {}\n", name, unit);
}

void Exposition::sample(std::string_view suffix, std::string_view labels, std::string_view value) {
  out_.append(name_).append(suffix);
  if (!labels.empty()) out_.append("{").append(labels).append("}");
  out_.append(" ").append(value).append("\n");
}

void Exposition::sample(std::string_view suffix, std::string_view labels, std::uint64_t value) {
  sample(suffix, labels, fmt::format_int(value).str());
}

std::string Exposition::finish() {
  if (open_metrics_) out_ += "# EOF\n";
  return std::move(out_);
}

std::string render_metrics(const MetricsSources &sources, MetricsFormat format) {
  Exposition out(format);
  append_requests(out, sources);
  append_connections(out, sources.status);
  append_refused(out, sources);
  append_memory(out, sources.budget);

  const std::uint64_t dropped = (sources.sink ? sources.sink->dropped() : 0) + lost_notices();
  out.family("hello_log_lines_dropped", "counter", "",
             "Log lines lost, because the log's reader is slow or gone, or the disk is full.");
  out.sample("_total", "", dropped);
  if (sources.messages.watched()) {
    out.family("hello_messages_reloads", "counter", "",
               "Changes of the messages' file, by what came of them.");
    out.sample("_total", "result=\"shown\"", sources.messages.reloads());
    out.sample("_total", "result=\"failed\"", sources.messages.failures());
  }
  out.family("hello_sandbox", "gauge", "", "Whether a part of the sandbox is in force.");
  out.sample("", "part=\"seccomp\"", std::uint64_t{sources.status.has_seccomp()});
  out.sample("", "part=\"landlock\"", std::uint64_t{sources.status.has_landlock()});
  if (sources.faults) {
    out.family("hello_drill_active", "gauge", "", "Whether a drill makes this fault happen now.");
    for (std::size_t i = 0; i < drills::kFaults; ++i)
      out.sample("", fmt::format("fault=\"{}\"", drills::definitions()[i].name),
                 std::uint64_t{sources.faults->has(static_cast<drills::Fault>(i))});
  }
  const BuildInfo &build = build_info();
  out.family("hello_build_info", "gauge", "", "Version, commit and release; always 1.");
  out.sample("",
             fmt::format("version=\"{}\",commit=\"{}\",release=\"{}\"", build.version, build.commit,
                         sources.release),
             std::uint64_t{1});
  append_process(out);
  return out.finish();
}

} // namespace hello::server
