#include "server/process/drill_runner.h"

#include <algorithm>
#include <cstring>
#include <ctime>

#include <fmt/core.h>
#include <unistd.h>

#include "hello/error.h"
#include "hello/notice.h"
#include "server/process/kept_drill.h"

namespace hello::server {

using namespace std::chrono;
using drills::Crash;
using drills::Fault;

namespace {

constexpr milliseconds kMoment{200};
constexpr seconds kBetweenCrashes{5}; ///< from a start to the next crash of one that repeats
constexpr milliseconds kSlice{50};    ///< of a burn: a share of it is spent

/// Ends the process as a crash says. A real fault of the processor also ends a container's first
/// process, for which signals that it sends itself have no default action. Source: signal(7).
[[noreturn]] void end_process(const drills::Drill &drill) {
  switch (static_cast<Crash>(drill.second)) {
  case Crash::exit: break;
  case Crash::segv: *reinterpret_cast<volatile int *>(std::uintptr_t{8}) = 0; break;
#if defined(__x86_64__)
  case Crash::ill: asm volatile("ud2"); break;
  case Crash::fpe: asm volatile("xor %%ecx, %%ecx; div %%ecx" ::: "eax", "ecx", "edx"); break;
#else
  case Crash::ill: asm volatile(".inst 0"); break;
  case Crash::fpe: break; // refused when it is parsed
#endif
  }
  ::_exit(static_cast<int>(drill.amount));
}

} // namespace

DrillRunner::DrillRunner(Faults &faults, std::vector<drills::Scheduled> schedule, DrillPlace place)
    : faults_(faults), place_(std::move(place)), ballast_(place_.room),
      disk_(place_.folder, place_.limit_bytes, place_.reserved_bytes, place_.room) {
  for (drills::Scheduled &one : schedule) {
    if (const std::string why = refusal(one.drill); !why.empty())
      throw Error(Exit::usage, "--drill-at: " + why);
    entries_.push_back({std::move(one.drill), Clock::time_point(one.start), {}});
  }
  auto kept = kept_drill(place_.folder, Fault::crash, std::time(nullptr));
  if (!kept) return;
  Entry &entry = entries_.emplace_back();
  entry.drill = std::move(*kept);
  entry.is_resumed = true;
}

std::string DrillRunner::refusal(const drills::Drill &drill) const {
  return drill.fault == Fault::disk ? disk_.refusal(drill.amount) : "";
}

void DrillRunner::start() {
  const auto now = Clock::now();
  for (Entry &entry : entries_) entry.start += now.time_since_epoch();
  thread_ = std::thread([this] { run(); });
}

void DrillRunner::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string DrillRunner::begin(const drills::Drill &drill) {
  std::string why = refusal(drill);
  if (!why.empty()) return why;
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    why = begin_one(entries_.emplace_back(Entry{drill, now, {}}), now);
    std::erase_if(entries_, [](const Entry &entry) { return entry.is_over; });
  }
  changed_.notify_all();
  return why;
}

void DrillRunner::end(Fault fault) {
  const std::lock_guard lock(mutex_);
  for (Entry &entry : entries_)
    if (entry.has_begun && entry.drill.fault == fault) finish(entry, "stopped");
  if (ends_process(fault)) forget_drill(place_.folder, fault); // one that was not resumed yet, too
  std::erase_if(entries_, [fault](const Entry &entry) { return entry.drill.fault == fault; });
  changed_.notify_all();
}

void DrillRunner::end_all() {
  for (std::size_t i = 0; i < drills::kFaults; ++i) end(static_cast<Fault>(i));
}

std::vector<DrillRunner::Active> DrillRunner::active() {
  const std::lock_guard lock(mutex_);
  std::vector<Active> all;
  const auto now = Clock::now();
  for (const Entry &entry : entries_)
    if (entry.has_begun) all.push_back({entry.drill, ceil<milliseconds>(entry.end - now)});
  return all;
}

void DrillRunner::finish(Entry &entry, std::string_view why) {
  faults_.end(entry.drill.fault);
  if (entry.drill.fault == Fault::memory) ballast_.keep(0);
  if (entry.drill.fault == Fault::disk) disk_.remove();
  if (outlives_process(entry.drill)) forget_drill(place_.folder, entry.drill.fault);
  entry.is_over = true;
  notice(Level::info, Event::drill_ended, "drill ended",
         {{"drill", entry.drill.text}, {"reason", why}});
}

/// Returns why it cannot begin, or nothing.
std::string DrillRunner::begin_one(Entry &entry, Clock::time_point now) {
  for (Entry &other : entries_)
    if (&other != &entry && other.has_begun && other.drill.fault == entry.drill.fault)
      finish(other, "replaced");
  if (outlives_process(entry.drill) && !entry.is_resumed) {
    std::string why = keep_drill(place_.folder, entry.drill, std::time(nullptr));
    entry.is_over = !why.empty();
    if (entry.is_over) return why;
  }
  entry.has_begun = true;
  entry.end = now + entry.drill.time;
  entry.crash_at = now + (entry.is_resumed ? kBetweenCrashes : kMoment);
  const std::string seconds =
      fmt::format("{}", ceil<std::chrono::seconds>(entry.drill.time).count());
  notice(Level::warning, Event::drill_began, "drill began",
         {{"drill", entry.drill.text}, {"seconds", seconds, Note::Kind::number}});
  if (entry.drill.fault == Fault::log) logged_bytes_ = 0;
  faults_.begin(entry.drill);
  return "";
}

/// Ends the process, and keeps what is still to come.
void DrillRunner::crash(drills::Drill drill) {
  if (drill.fault == Fault::start) ::_exit(1);
  if (drill.repeat > 0) {
    --drill.repeat;
    keep_drill(place_.folder, drill, std::time(nullptr));
  }
  end_process(drill);
}

void DrillRunner::update(Clock::time_point now) {
  for (Entry &entry : entries_)
    if (entry.has_begun && !entry.is_over && entry.end <= now) finish(entry, "time is up");
  for (Entry &entry : entries_) {
    if (entry.has_begun || entry.start > now) continue;
    if (const std::string why = begin_one(entry, now); !why.empty())
      notice(Level::warning, Event::drill_ended, "drill cannot begin",
             {{"drill", entry.drill.text}, {"reason", why}});
  }
  for (Entry &entry : entries_) {
    if (!entry.has_begun || entry.is_over || !ends_process(entry.drill.fault)) continue;
    if (entry.crash_at > now) continue;
    entry.drill.time = ceil<milliseconds>(entry.end - now);
    crash(entry.drill);
  }
  std::erase_if(entries_, [](const Entry &entry) { return entry.is_over; });
}

/// A slice's share of the lines, up to a bound of all.
void DrillRunner::write_lines() {
  constexpr std::size_t kMostBytes = 20 << 20, kLineBytes = 256; // a line has about so many
  constexpr int kSlices = seconds(1) / kSlice;
  const auto lines = faults_.amount(Fault::log);
  ++slice_;
  const std::int64_t due =
      lines * (slice_ % kSlices + 1) / kSlices - lines * (slice_ % kSlices) / kSlices;
  for (std::int64_t n = 0; n < due && logged_bytes_ < kMostBytes; ++n) {
    logged_bytes_ += kLineBytes;
    notice(Level::info, Event::drill_line,
           "a line that a drill asked for, of about the length of a request's", {{"drill", "log"}});
  }
}

void DrillRunner::fill_disk() {
  const int error = disk_.grow(faults_.amount(Fault::disk));
  if (error == 0) return;
  for (Entry &entry : entries_)
    if (entry.has_begun && entry.drill.fault == Fault::disk) finish(entry, std::strerror(error));
}

/// What goes on while a drill is active: a slice of it, then a wait for the end of the slice.
void DrillRunner::work(std::unique_lock<std::mutex> &lock) {
  const auto slice = Clock::now() + kSlice;
  if (faults_.has(Fault::memory)) ballast_.keep(faults_.amount(Fault::memory));
  if (faults_.has(Fault::disk)) fill_disk();
  if (faults_.has(Fault::log)) write_lines();
  if (faults_.has(Fault::burn)) {
    lock.unlock();
    spend_cpu(kSlice * faults_.amount(Fault::burn) / 100);
    lock.lock();
  }
  changed_.wait_until(lock, slice, [this] { return stopping_; });
}

void DrillRunner::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    update(Clock::now());
    if (faults_.has(Fault::burn) || faults_.has(Fault::log) || faults_.has(Fault::memory) ||
        faults_.has(Fault::disk)) {
      work(lock);
      continue;
    }
    auto next = Clock::now() + hours(24);
    for (const Entry &entry : entries_) {
      next = std::min(next, entry.has_begun ? entry.end : entry.start);
      if (entry.has_begun && ends_process(entry.drill.fault)) next = std::min(next, entry.crash_at);
    }
    changed_.wait_until(lock, next);
  }
}

} // namespace hello::server
