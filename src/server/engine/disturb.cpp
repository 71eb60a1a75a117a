#include <utility>

#include <sys/socket.h>

#include "server/engine/loop.h"

// What drills do to responses: late ones, and connections that are reset.
namespace hello::server {

/// The rest of the batch is answered later: its responses must follow this one.
void Loop::apply(Effect effect, std::size_t output_before) {
  effect_ = effect;
  if (!effect.reset) return;
  output_.resize(output_before);
  shared_ = {};
  request_.keep_alive = false;
}

/// Does what a drill asks for, in place of sending the last response of the batch.
void Loop::disturb(Connection &c, std::string_view rest) {
  const Effect effect = std::exchange(effect_, {});
  if (effect.reset) {
    send_output(c);
    return reset(c);
  }
  c.output = buffered(output_);
  c.unsent_from = 0;
  output_.clear();
  c.shared = std::exchange(shared_, {});
  if (c.close_after_write && !rest.empty()) {
    c.linger = true;
    rest = {};
  }
  if (rest.size() != c.input.size()) c.input = buffered(rest);
  hold(c, effect.delay_ms);
  update_charge(c);
  enforce_budget();
}

/// Keeps the response of a connection for so long, and reads nothing.
void Loop::hold(Connection &c, std::int64_t time_ms) {
  list(c.state).remove(c);
  c.state = State::held;
  c.deadline_ms = now_ms_ + time_ms + 1; // now_ms_ is rounded down
  list(State::held).insert(c);
  watch(c, kHeldEvents);
}

/// Sends what was held, and goes on with the requests behind it.
void Loop::release(Connection &c) {
  enter_state(c, State::writing, kWriteEvents);
  on_writable(c);
}

void Loop::reset(Connection &c) {
  const linger at_once{1, 0};
  ::setsockopt(c.fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(c);
}

} // namespace hello::server
