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
#include "server/engine/loop_group.h"
#include "server/engine/status.h"

struct epoll_event;

/// One thread's event loop: accepts connections, reads and frames requests, passes them to its
/// Handler, writes the responses, and enforces the time limits.
namespace hello::server {

struct LoopConfig {
  Limits limits;
  std::array<std::chrono::milliseconds, kConnectionStates> timeouts; ///< by ConnectionState
  LoopGroup *group = nullptr;                                        ///< borrowed
  /// Bodies go to the handler, unless they are chunked. limits.body_bytes bounds them.
  bool keeps_bodies = false;
};

class Loop {
public:
  /// `listener` must be non-blocking and listening. `handler` and `status` are borrowed.
  /// Throws Error(Exit::failure) if epoll is not available.
  Loop(sys::Fd listener, const LoopConfig &config, Handler &handler, LoopStatus &status);
  ~Loop();

  /// Runs on the calling thread until the loop has closed or is stopped.
  void run() noexcept;

  /// Any thread may call it. draining: responses say "Connection: close". closing: accepts what is
  /// queued, closes the listener and idle connections, finishes requests in flight, then ends.
  /// stopped: ends at once.
  void enter(Phase phase);
  bool ended() const { return ended_.load(std::memory_order_acquire); }

  /// Makes the loop close the connections that still send an older version of the page, and keep to
  /// the budget. Any thread may call it.
  void drop_versions_before(std::uint64_t version);
  void wake();

  /// Open connections; once ended, those that were cut off.
  std::size_t connections() const { return connections_; }

private:
  using Clock = std::chrono::steady_clock;
  using State = ConnectionState;
  static constexpr std::size_t kReadBytes = 64 << 10; ///< size of read_buffer_
  /// For the first request of a connection that was accepted just before the listener closed.
  static constexpr std::int64_t kFirstRequestMs = 1000;
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  // loop.cpp: rounds and phases
  void on_event(Connection &c, std::uint32_t events);
  void on_wake();
  void start_closing();
  void close_listener();
  void publish();

  // accept.cpp: new connections
  void accept_connections();
  void accept_all();
  bool accept_one();
  void admit(sys::Fd fd, const sys::Address &peer);
  void balance();
  bool is_full() const;
  bool make_place();
  void set_waiting(std::size_t count);
  void watch_listener(std::uint32_t events);
  std::size_t queued() const;

  // evict.cpp: which connection makes room for others
  std::int64_t grace_ms() const;
  std::int64_t idle_ms() const;
  std::int64_t since_ms(const Connection &c) const;
  Connection *incomplete(std::int64_t before_ms);
  Connection *slow(std::int64_t before_ms);
  Connection *candidate();
  std::int64_t next_candidate_ms();
  bool is_turn_over(const Connection &c) const;

  // charge.cpp: what the connections cost, and the limit of that
  void update_charge(Connection &c);
  void read_kernel_bytes(Connection &c);
  void enforce_budget();
  void make_room_for_other_loops();
  void wake_other_loops();
  Connection *costliest();

  // exchange.cpp: from the bytes of a request to those of its response
  void read(Connection &c, std::uint32_t events);
  void process_input(Connection &c, std::string_view bytes);
  std::string_view answer_requests(Connection &c, std::string_view bytes);
  bool take_body(Connection &c, std::string_view &bytes);
  bool take_head(Connection &c, std::string_view &bytes);
  Refusal check_first_line(std::string_view bytes, std::size_t seen);
  void begin_body(Connection &c, std::string_view head);
  void answer(Connection &c, std::string_view head_bytes, std::uint64_t body_bytes);
  void refuse(Connection &c, const Refusal &refusal, std::string_view begun);
  bool send_output(Connection &c);
  bool send_shared(Connection &c);
  bool send(Connection &c, std::string_view bytes, std::size_t &sent);
  void on_writable(Connection &c);
  void await_input(Connection &c);
  void close_gracefully(Connection &c);
  void close(Connection &c);
  void cut(Connection &c);

  static std::string buffered(std::string_view text);

  // disturb.cpp: what drills do to responses
  void apply(Effect effect, std::size_t output_before);
  void disturb(Connection &c, std::string_view rest);
  void hold(Connection &c, std::int64_t time_ms);
  void release(Connection &c);
  void reset(Connection &c);

  // timeouts.cpp: states, deadlines, and what epoll watches
  void enter_state(Connection &c, State state, std::uint32_t events);
  void watch(Connection &c, std::uint32_t events);
  void renew_deadline(Connection &c);
  void expire();
  bool still_takes(Connection &c);
  int next_timeout_ms();

  std::int64_t timeout_ms(State state) const {
    return config_.timeouts[static_cast<std::size_t>(state)].count();
  }
  DeadlineList &list(State state) { return lists_[static_cast<std::size_t>(state)]; }

  sys::Fd epoll_, wake_, listener_;
  LoopConfig config_;
  Handler &handler_;
  LoopStatus &status_;
  std::atomic<Phase> requested_phase_{Phase::ready};
  std::atomic<bool> ended_{false};
  std::atomic<std::uint64_t> oldest_version_{0}; ///< of the page that may still be sent
  Phase phase_ = Phase::ready;

  Clock::time_point now_;
  std::int64_t now_ms_ = 0;
  std::size_t share_ = 0; ///< of the connections that all loops may have
  // A loop at its share does not watch its listener: it looks at its queue when a place gets free,
  // and while anybody waits.
  std::uint32_t listener_events_ = 0;
  std::size_t waiting_ = 0;              ///< in the listener's queue, as last seen
  std::int64_t waiting_since_ms_ = 0;    ///< when the queue was first seen with one; 0: empty
  std::int64_t looked_ms_ = 0;           ///< when the queue was last looked at
  std::int64_t scanned_bodies_ms_ = 0;   ///< when slow bodies were last searched for
  std::int64_t resume_accepting_ms_ = 0; ///< 0: accepting is not paused
  std::int64_t close_listener_ms_ = 0;   ///< 0: not closing
  std::array<DeadlineList, kConnectionStates> lists_;
  /// Closed in this round. They are freed at its end, because later events of the same round may
  /// point to them.
  std::vector<std::unique_ptr<Connection>> closed_;
  std::size_t connections_ = 0;
  std::size_t charged_bytes_ = 0;   ///< of all connections of this loop
  std::size_t unchecked_limit_ = 0; ///< of Connection::unchecked_bytes
  std::int64_t woke_others_ms_ = 0, noticed_budget_ms_ = 0;
  std::uint64_t received_ = 0, sent_ = 0, accepted_ = 0, evicted_ = 0, evicted_for_memory_ = 0,
                timed_out_ = 0, turned_away_ = 0;
  std::unique_ptr<char[]> read_buffer_;
  std::string output_; ///< the responses to the requests of one read
  SharedBody shared_;  ///< the last one's body, if it is shared
  Effect effect_;      ///< of a drill, on the last one
  Head head_;
  Request request_;
};

} // namespace hello::server
