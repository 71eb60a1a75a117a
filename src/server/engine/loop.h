#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "server/engine/connection.h"
#include "server/engine/handler.h"
#include "server/engine/status.h"

struct epoll_event;

/// One thread's epoll loop: accepts, reads, frames, hands whole requests to its Handler, writes,
/// and keeps time.
namespace hello::server {

class Loop;

/// What the loops of one address share; outlives them.
struct Crowd {
  std::size_t most = 0; ///< connections
  std::atomic<std::size_t> open{0};
  /// Bytes of theirs; past it, those go whose time ends first, of a loop that has more than its
  /// part.
  std::size_t most_kept = 64 << 20;
  std::atomic<std::size_t> kept{0};
  std::vector<Loop *> loops; ///< each adds itself when it is made; complete before one runs
};

struct LoopConfig {
  Limits limits;
  std::array<std::chrono::milliseconds, kWaitings> timeouts; ///< by Waiting
  Crowd *crowd = nullptr;                                    ///< borrowed
};

class Loop {
public:
  /// `listener`: non-blocking and listening. `handler` and `status` are borrowed.
  /// Throws Error(Exit::failure) if the kernel gives no epoll.
  Loop(sys::Fd listener, const LoopConfig &config, Handler &handler, LoopStatus &status);
  ~Loop();

  /// On the loop's own thread, until closing has ended or it is told to stop.
  void run() noexcept;

  /// From any thread. draining: answers say "Connection: close". closing: accepts what is queued,
  /// closes the listener and idle connections, finishes what is under way, ends. stopped: ends at
  /// once.
  void enter(Phase phase);
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  std::size_t connections() const { return connections_; } ///< once ended: cut off by a stop

private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::int64_t kNobody = std::numeric_limits<std::int64_t>::max();

  void accept_some();
  bool make_room();
  bool close_longest();
  void give_way();
  void pause_accepting(std::int64_t ms);
  void begin_closing();

  void on_event(Connection &c, std::uint32_t events);
  void read(Connection &c, bool ended);
  void finish(Connection &c, std::string_view bytes);
  std::string_view answer_all(Connection &c, std::string_view bytes);
  bool take_body(Connection &c, std::string_view &bytes);
  bool take_head(Connection &c, std::string_view &bytes);
  Refusal check_first_line(std::string_view bytes, std::size_t seen);
  void begin_body(Connection &c, std::string_view head);
  void answer(Connection &c, std::string_view head_bytes, std::size_t received);
  void refuse(Connection &c, const Refusal &refusal, std::string_view begun);
  bool send_output(Connection &c);
  bool send(Connection &c, std::string_view bytes, std::size_t &sent);
  void on_writable(Connection &c);
  void wait_for_input(Connection &c);
  void close_politely(Connection &c);
  void close(Connection &c);

  void wake();
  void watch(Connection &c, std::uint32_t events);
  std::int64_t idle_until() const;
  void wait_for(Connection &c, Waiting waiting, std::uint32_t events);
  void count_kept(Connection &c);
  void keep_less();
  WaitList &list(Waiting waiting) { return lists_[static_cast<std::size_t>(waiting)]; }
  void expire();
  int next_timeout_ms() const;
  void publish();

  sys::Fd epoll_, wake_, listener_;
  LoopConfig config_;
  Handler &handler_;
  LoopStatus &status_;
  std::atomic<Phase> wanted_{Phase::ready};
  std::atomic<bool> ended_{false};
  // What the other loops see and say; as of the last round.
  std::atomic<std::int64_t> idle_until_{kNobody}; ///< deadline of who is idle longest
  std::atomic<std::int64_t> asked_{0};            ///< how many to close
  Phase phase_ = Phase::ready;

  Clock::time_point now_;
  std::int64_t now_ms_ = 0, accept_again_ms_ = 0;
  std::array<WaitList, kWaitings> lists_;
  std::vector<std::unique_ptr<Connection>>
      graveyard_; ///< closed in this round; later events of it may name them
  std::size_t connections_ = 0;
  std::size_t kept_ = 0; ///< bytes that all connections keep
  std::uint64_t received_ = 0, sent_ = 0, accepted_ = 0, evicted_ = 0, timed_out_ = 0,
                turned_away_ = 0;
  std::unique_ptr<char[]> scratch_; ///< what one read brings
  std::string out_;                 ///< what one read's requests are answered
  Head head_;
  Request request_;
};

} // namespace hello::server
