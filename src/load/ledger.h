#pragma once
#include <algorithm>
#include <optional>
#include <string_view>

#include "hello/load.h"

namespace hello::load {

/// A place for one connection, as far as lag is concerned: since when it could have been used, had
/// the generator never been late. What waits behind a request that was written late is late with
/// it.
struct Slot {
  Nanos free_since = 0;
  Nanos late = 0; ///< of what was done with it last

  void begin(Nanos due, Nanos now) { late = std::max<Nanos>(now - std::max(due, free_since), 0); }
  void freed(Nanos now) { free_since = now - late; }
};

/// Which requests are due, and what became of them. Knows no clock and no socket: every call names
/// the time. Requests are taken in the order in which they are due.
class Ledger {
public:
  Ledger(std::int64_t rate, std::chrono::milliseconds time);

  /// Whether a request is due and was not taken yet.
  bool waiting(Nanos now) const { return next_ < end_ && due(next_) <= now; }
  /// How many are due and were not taken.
  std::uint64_t backlog(Nanos now) const { return std::min(due_by(now), end_) - next_; }
  /// When the first request that was not taken is due; none if all were.
  std::optional<Nanos> next_due() const;
  /// No further request becomes due.
  void stop(Nanos now) { end_ = std::min(end_, due_by(now)); }
  /// No further request is taken.
  void cut() { end_ = next_; }

  /// When the request is due that is taken after `ahead` others.
  Nanos due_after(std::uint64_t ahead) const { return due(next_ + ahead); }
  /// Takes the first request that is due, if there is one, to write it now on this connection.
  /// Gives when it was due.
  std::optional<Nanos> take(Nanos now, Slot &slot);
  void answered(Nanos due, Nanos now, int status, std::string_view pod);
  void lose(Loss loss) { ++report_.losses[static_cast<std::size_t>(loss)]; }
  /// The first request that is due could not be written.
  void lose_next(Nanos now, Loss loss);
  /// A taken request has no answer at the end.
  void unfinished(Nanos due, Nanos now);
  /// The end: all that are due and were not taken are unfinished.
  void finish(Nanos now);

  Report &report() { return report_; }
  const Report &report() const { return report_; }

private:
  Nanos due(std::uint64_t index) const;
  /// How many are due until then; never fewer than were taken.
  std::uint64_t due_by(Nanos now) const;

  std::int64_t rate_;
  std::uint64_t next_ = 0, end_;
  Report report_;
};

} // namespace hello::load
