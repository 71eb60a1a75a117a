#include "cli/view/load.h"

#include <algorithm>

#include <fmt/core.h>

#include "hello/json.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

using load::Report;

struct Quantile {
  std::string_view text, key;
  std::uint32_t millionths;
};
constexpr Quantile kQuantiles[] = {{"p50", "p50", 500'000},
                                   {"p90", "p90", 900'000},
                                   {"p99", "p99", 990'000},
                                   {"p99.9", "p99_9", 999'000}};

/// "200: 95, 503: 5"
std::string statuses_of(const Report &report) {
  std::string out;
  for (const auto &[status, count] : report.statuses)
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", status, count);
  return out;
}

std::string losses_of(const Report &report) {
  std::string out;
  for (std::size_t i = 0; i < load::kLosses; ++i)
    if (const std::uint64_t count = report.losses[i])
      out +=
          fmt::format("{}{}: {}", out.empty() ? "" : ", ", word(static_cast<load::Loss>(i)), count);
  return out;
}

/// At most 20 bars, each for a third of a doubling or more, so that a screen holds them.
std::string histogram_of(const Histogram &latency) {
  constexpr std::size_t kBars = 20, kWidth = 40;
  std::vector<Histogram::Bucket> bars;
  for (std::uint64_t step = 4;; step *= 2) { // a bar is a `step`th wider than where it begins
    bars.clear();
    for (const Histogram::Bucket &bucket : latency.buckets()) {
      if (!bars.empty() && bucket.to <= bars.back().from + bars.back().from * step / 16) {
        bars.back().to = bucket.to;
        bars.back().count += bucket.count;
      } else {
        bars.push_back(bucket);
      }
    }
    if (bars.size() <= kBars) break;
  }
  std::uint64_t most = 1;
  for (const auto &bar : bars) most = std::max(most, bar.count);
  std::string out;
  for (const auto &bar : bars) {
    const std::size_t length = std::max<std::size_t>(bar.count * kWidth / most, 1);
    std::string line;
    for (std::size_t i = 0; i < length; ++i) line += "█";
    const std::string to = time_text(bar.to);
    out += fmt::format("  {}{} {} {}\n",
                       std::string(10 - std::min(text::width(to), std::size_t{10}), ' '), to, line,
                       bar.count);
  }
  return out;
}

} // namespace

std::string time_text(std::uint64_t ns) {
  if (ns < 1000) return fmt::format("{} ns", ns);
  std::string_view unit = "s";
  std::uint64_t per_unit = 1'000'000'000;
  if (ns < 1'000'000) {
    unit = "µs";
    per_unit = 1000;
  } else if (ns < 1'000'000'000) {
    unit = "ms";
    per_unit = 1'000'000;
  }
  const std::uint64_t whole = ns / per_unit, hundredths = ns % per_unit * 100 / per_unit;
  if (whole >= 100) return fmt::format("{} {}", whole, unit);
  if (whole >= 10) return fmt::format("{}.{} {}", whole, hundredths / 10, unit);
  return fmt::format("{}.{:02} {}", whole, hundredths, unit);
}

std::string text_of(const load::Target &target, const load::Plan &plan) {
  const bool is_whole = plan.time.count() % 1000 == 0; // seconds
  return fmt::format("{} requests a second to http://{}{} ({}) for {} {}", plan.rate,
                     target.url.authority, target.url.target, sys::to_text(target.addresses[0]),
                     plan.time.count() / (is_whole ? 1000 : 1), is_whole ? "s" : "ms");
}

std::string progress_of(const Report &report, const load::Plan &plan) {
  return fmt::format("\r\033[K{} of {} s: {} answered, {} errors, p99 {}",
                     report.elapsed / 1'000'000'000, plan.time.count() / 1000, report.answered,
                     report.errors(), time_text(report.latency.quantile(990'000)));
}

std::string text_of(const Report &report) {
  std::string out = fmt::format("answered  {} of {}", report.answered, report.due);
  if (report.due < report.planned) out += fmt::format(" ({} planned)", report.planned);
  if (!report.statuses.empty()) out += "; " + statuses_of(report);
  out += fmt::format("\nerrors    {}", report.errors());
  if (report.lost() > 0) out += "; " + losses_of(report);
  out += "\n";
  for (const auto &[pod, count] : report.pods)
    out += fmt::format("by        {}: {}\n", text::printable(pod), count);
  if (!report.saturation().empty() || report.latency.count() == 0) return out;
  out += "latency  ";
  for (const Quantile &one : kQuantiles)
    out += fmt::format(" {} {},", one.text, time_text(report.latency.quantile(one.millionths)));
  out += fmt::format(" max {}\n", time_text(report.latency.max()));
  return out + histogram_of(report.latency);
}

std::string json_of(const Report &report, const load::Target &target, const load::Plan &plan) {
  std::string text;
  json::Writer out(text);
  const auto number = [&](std::string_view key, std::uint64_t value) {
    out.key(key).number(static_cast<std::int64_t>(value));
  };
  out.begin_object().key("version").number(1);
  out.key("url").string("http://" + target.url.authority + target.url.target);
  out.key("addresses").begin_array();
  for (const sys::Address &address : target.addresses) out.string(sys::to_text(address));
  out.end_array().key("rate").number(plan.rate).key("connections").number(plan.connections);
  out.key("seconds").raw(
      fmt::format("{}.{:03}", report.elapsed / 1'000'000'000, report.elapsed / 1'000'000 % 1000));
  number("planned", report.planned);
  number("due", report.due);
  number("answered", report.answered);
  number("errors", report.errors());
  out.key("statuses").begin_object();
  for (const auto &[status, count] : report.statuses) number(std::to_string(status), count);
  out.end_object().key("lost").begin_object();
  for (std::size_t i = 0; i < load::kLosses; ++i)
    number(word(static_cast<load::Loss>(i)), report.losses[i]);
  out.end_object().key("pods").begin_object();
  for (const auto &[pod, count] : report.pods) number(text::printable(pod), count);
  out.end_object().key("saturated").boolean(!report.saturation().empty());
  constexpr std::string_view kStops[] = {"", "interrupted", "told"};
  out.key("stopped").string(kStops[static_cast<std::size_t>(report.stop)]);
  number("cpuPercent", static_cast<std::uint64_t>(report.cpu_percent));
  number("lagP99Ns", report.lag.quantile(990'000));
  if (report.saturation().empty() && report.latency.count() > 0) {
    out.key("latencyNs").begin_object();
    for (const Quantile &one : kQuantiles) number(one.key, report.latency.quantile(one.millionths));
    number("mean", report.latency.mean());
    number("max", report.latency.max());
    out.end_object().key("histogram").begin_array();
    for (const Histogram::Bucket &bucket : report.latency.buckets()) {
      out.begin_object();
      number("fromNs", bucket.from);
      number("toNs", bucket.to);
      number("count", bucket.count);
      out.end_object();
    }
    out.end_array();
  }
  out.end_object();
  return text;
}

} // namespace hello::cli
