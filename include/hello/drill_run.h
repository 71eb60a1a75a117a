#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "hello/drills.h"
#include "hello/http_send.h"

/// Asking services for drills.
namespace hello::drills {

/// A drill that a service has now.
struct Active {
  std::string drill; ///< "latency=200ms"
  std::chrono::milliseconds left;
};

/// What a service answered.
struct Reply {
  std::string wrong;    ///< why it refused, or why there was no answer; empty: it agreed
  bool is_lost = false; ///< there was no answer: the service may have done it
  std::vector<Active> active;
};

/// A request to a service whose key is `key`, and where to send it.
struct Ask {
  std::string path;
  sys::HttpRequest request;
};
Ask to_list(const std::string &key);
Ask to_begin(const Drill &drill, const std::string &key);
/// Without a fault: all drills.
Ask to_stop(std::optional<Fault> fault, const std::string &key);

Reply read_reply(const sys::HttpReply &reply);

} // namespace hello::drills
