#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/http/request.h"

/// Finds where a request begins and ends, and checks that it is valid. Strict: what two parsers
/// might understand differently is refused, so that no proxy in front can be tricked. Without side
/// effects, and without allocations except for a path that must be rewritten. Source: RFC 9112
/// (HTTP/1.1), RFC 9110 (semantics), RFC 3986 (URI).
namespace hello::server {

struct Limits {
  std::size_t request_line_bytes = 8 << 10; ///< longer: 414
  std::size_t head_bytes = 16 << 10;        ///< request line and headers; longer: 431
  std::size_t body_bytes = 1 << 20;         ///< longer: 413
};
inline constexpr std::size_t kMaxHeaders = 100; ///< more: 431

/// Why bytes are not a valid request: the status of the response, 0 if nothing is wrong, and the
/// reason as a literal, for metrics and log.
struct Refusal {
  int status = 0;
  std::string_view reason;
  explicit operator bool() const { return status != 0; }
};

/// A request's head, parsed. Views point into the bytes given to parse_head, or into `path_buffer`.
struct Head {
  std::string_view method, target, path, query;
  int minor = 1;
  std::size_t header_count = 0;
  std::array<Header, kMaxHeaders> headers; ///< the first header_count of them
  bool keep_alive = true;
  bool chunked = false;
  bool expects_continue = false; ///< wants "100 Continue" before it sends its body
  std::uint64_t content_length = 0;
  std::string path_buffer; ///< reused by the next request
};

/// Finds the end of a head in bytes that arrive in pieces. `scanned` is how far earlier calls have
/// searched: the caller keeps it, beginning with 0. Returns the length of the head with its empty
/// line. Returns 0 if more bytes are needed, or if `refusal` says why this cannot become a head.
std::size_t find_head(std::string_view bytes, std::size_t &scanned, const Limits &limits,
                      Refusal &refusal);

/// Parses the first line alone, without its CRLF, so that a client of another protocol gets a
/// response without completing a head.
Refusal parse_request_line(std::string_view line, Head &head);

/// Parses a complete head, as found by find_head.
Refusal parse_head(std::string_view bytes, const Limits &limits, Head &head);

/// Parses of a refused request what can be: the whole head, method and target alone, or nothing.
/// They are empty otherwise.
void parse_begun(std::string_view bytes, const Limits &limits, Head &head);

/// Reads a chunked body and drops it, with its extensions and trailers.
class ChunkedBody {
public:
  /// Removes what belongs to the body from the front of `bytes`. Afterwards the body is done(), or
  /// has a refusal(), or `bytes` is empty.
  void consume(std::string_view &bytes, const Limits &limits);
  bool done() const { return state_ == State::done; }
  const Refusal &refusal() const { return refusal_; }
  std::uint64_t total() const { return total_; } ///< bytes of the chunks so far

private:
  enum class State : std::uint8_t { line, data, data_cr, data_lf, trailer, done };
  void take_byte(char c, const Limits &limits);
  void append_to_line(char c);
  void end_of_line(const Limits &limits);
  void refuse(int status, std::string_view reason) { refusal_ = {status, reason}; }

  State state_ = State::line;
  bool cr_ = false;
  std::uint64_t chunk_remaining_ = 0, total_ = 0;
  std::size_t overhead_ = 0; ///< bytes of extensions and trailers
  std::string line_;         ///< the chunk or trailer line so far; bounded
  Refusal refusal_;
};

} // namespace hello::server
