#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "hello/json.h"

/// The instrument of `hello check`: a pod of the same image that asks what the check wants to know
/// from inside the cluster, and prints what it saw.
namespace hello::check {

/// Version of the lines below; a check that reads another one trusts none of them.
inline constexpr int kProtocol = 1;

struct ClientOptions {
  std::string run;                ///< id of the check's run, repeated on each line
  std::vector<std::string> steps; ///< words of each, separated by blanks; see below
};

/// Does the steps in order, and writes JSON lines to `out`:
///
///     {"v":1,"run":"k3x9","seq":1,"ns":120034,"wall":1764441600123,"i":0,"step":"dns",…}
///     {"v":1,"run":"k3x9","seq":2,"ns":130034,"wall":1764441600133,"end":true,"lines":2}
///
/// `seq` counts from 1 without a gap, `ns` is monotonic, `wall` the node's clock in milliseconds,
/// and `i` the index of the step. The steps, with "-" for what is not wanted:
///
///     wait MS
///     dns NAME a|aaaa udp|tcp COUNT        lookups by queries of its own
///     get URL COUNT EVERY HOST MARK FILL   each on a new connection, EVERY ms; counts answers with
///                                          MARK; FILL makes the request so many bytes longer
///     post URL BYTES                       a body for /echo, which counts it
///     connect IP PORT COUNT EVERY MS       TCP connections, each within MS; nothing is sent
///     load URL RATE MS [close]             `hello load`; close: each request on a new connection
///     burn PERCENT MS                      uses so much of one CPU
///     self                                 this process's rights, as the kernel reports them
///
/// Throws Error(Exit::usage) if a step is not one of them.
void run_client(const ClientOptions &options, int out);

/// What a client reported. With `trouble` the instrument failed, and `lines` prove nothing.
struct Heard {
  std::vector<json::Value> lines{};
  std::string trouble{};
  bool ended = false;

  /// The last line of that kind of the step with this index; null if there is none.
  const json::Value *of(std::size_t step, std::string_view kind) const;
};

/// Reads a client's log: all lines must be of this run, in order and without a gap.
Heard read_lines(std::string_view log, std::string_view run);

} // namespace hello::check
