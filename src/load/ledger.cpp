#include "load/ledger.h"

#include <algorithm>

#include <fmt/core.h>

namespace hello::load {

using std::chrono::nanoseconds;

namespace {
constexpr std::size_t kMostPods = 10'000; // a name is whatever the server says
}

std::string_view word(Loss loss) {
  constexpr std::string_view kWords[kLosses] = {"refused", "closed", "malformed", "unfinished"};
  return kWords[static_cast<std::size_t>(loss)];
}

std::uint64_t Report::lost() const {
  std::uint64_t all = 0;
  for (const std::uint64_t count : losses) all += count;
  return all;
}

std::uint64_t Report::errors() const {
  std::uint64_t all = lost();
  for (const auto &[status, count] : statuses)
    if (status >= 400) all += count;
  return all;
}

std::string Report::saturation() const {
  constexpr std::uint64_t kTolerated = 5'000'000; // ns
  const std::uint64_t limit = std::max(kTolerated, latency.quantile(500'000) / 10);
  if (const std::uint64_t late = lag.count_above(limit); late * 100 > lag.count())
    return fmt::format("{} of {} requests were written more than {} ms late", late, lag.count(),
                       limit / 1'000'000);
  return cpu_percent > 90 ? fmt::format("it used {} % of a CPU", cpu_percent) : "";
}

Ledger::Ledger(std::int64_t rate, std::chrono::milliseconds time)
    : rate_(rate), end_(static_cast<std::uint64_t>((rate * time.count() + 999) / 1000)) {
  report_.planned = end_;
}

Nanos Ledger::due(std::uint64_t index) const {
  const auto rate = static_cast<std::uint64_t>(rate_);
  const std::uint64_t rest = (index % rate) * nanoseconds::period::den / rate;
  return static_cast<Nanos>(index / rate * nanoseconds::period::den + rest);
}

std::optional<Nanos> Ledger::next_due() const {
  return next_ < end_ ? std::optional(due(next_)) : std::nullopt;
}

std::uint64_t Ledger::due_by(Nanos now) const {
  const auto first_after = static_cast<std::uint64_t>(now) * static_cast<std::uint64_t>(rate_) /
                               nanoseconds::period::den +
                           1;
  return std::max(first_after, next_);
}

std::optional<Nanos> Ledger::take(Nanos now, Slot &slot) {
  if (!waiting(now)) return std::nullopt;
  const Nanos when = due(next_++);
  ++report_.due;
  slot.begin(when, now);
  report_.lag.add(static_cast<std::uint64_t>(slot.late));
  return when;
}

void Ledger::answered(Nanos due, Nanos now, int status, std::string_view pod) {
  ++report_.answered;
  ++report_.statuses[status];
  report_.latency.add(static_cast<std::uint64_t>(std::max<Nanos>(now - due, 0)));
  if (pod.empty()) return;
  const auto found = report_.pods.find(pod);
  if (found != report_.pods.end())
    ++found->second;
  else if (report_.pods.size() < kMostPods)
    report_.pods.emplace(pod, 1);
}

void Ledger::lose_next(Nanos now, Loss loss) {
  if (!waiting(now)) return;
  ++next_;
  ++report_.due;
  lose(loss);
}

void Ledger::unfinished(Nanos due, Nanos now) {
  lose(Loss::unfinished);
  report_.latency.add(static_cast<std::uint64_t>(std::max<Nanos>(now - due, 0)));
}

void Ledger::finish(Nanos now) {
  while (waiting(now)) {
    unfinished(due(next_++), now);
    ++report_.due;
  }
}

} // namespace hello::load
