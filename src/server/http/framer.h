#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/http/request.h"

/// Where a request begins and ends, and whether it is one at all. Strict: what two parsers could
/// read in two ways is refused. Pure: bytes in, outcome out, no allocation but for a path that had
/// to be rewritten. Source: RFC 9112 (HTTP/1.1), RFC 9110 (semantics), RFC 3986 (URI).
namespace hello::server {

struct Limits {
  std::size_t request_line_bytes = 8 << 10; ///< past it 414
  std::size_t head_bytes = 16 << 10;        ///< request line and headers; past it 431
  std::size_t body_bytes = 1 << 20;         ///< past it 413
};
inline constexpr std::size_t kMaxHeaders = 100; ///< past it 431

/// Why something is no request: the status of the answer, 0 if nothing is wrong, and a static word.
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
  std::string path_buffer; ///< its room is used again by the next request
};

/// Finds the end of a head in bytes that arrive in pieces.
/// `scanned`: how far earlier calls have looked, kept by the caller, 0 at first. Returns the head's
/// length with its empty line; 0: more bytes are needed, or `refusal` says why it can never be one.
std::size_t find_head(std::string_view bytes, std::size_t &scanned, const Limits &limits,
                      Refusal &refusal);

/// Parses the first line alone, without its CRLF: what is no HTTP is told so before its end comes.
Refusal parse_request_line(std::string_view line, Head &head);

/// Parses a whole head as found by find_head.
Refusal parse_head(std::string_view bytes, const Limits &limits, Head &head);

/// Reads past a chunked body without keeping it: chunk sizes, extensions, trailers.
class ChunkedBody {
public:
  /// Takes bytes off the front of `bytes`. After it: done() or `bytes` is empty or refusal() is
  /// set.
  void consume(std::string_view &bytes, const Limits &limits);
  bool done() const { return state_ == State::done; }
  const Refusal &refusal() const { return refusal_; }

private:
  enum class State : std::uint8_t { line, data, data_cr, data_lf, trailer, done };
  void take(char c, const Limits &limits);
  void append(char c);
  void end_of_line(const Limits &limits);
  void refuse(int status, std::string_view reason) { refusal_ = {status, reason}; }

  State state_ = State::line;
  bool cr_ = false;
  std::uint64_t left_ = 0, total_ = 0;
  std::size_t overhead_ = 0; ///< bytes of extensions and trailers
  std::string line_;         ///< the chunk or trailer line so far; bounded
  Refusal refusal_;
};

} // namespace hello::server
