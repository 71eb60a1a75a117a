#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace hello::load {

/// Reads one response to a GET, piece by piece (RFC 9112). Interim responses (1xx) are passed over.
class Response {
public:
  enum class State : std::uint8_t {
    more,
    done,
    malformed, ///< not HTTP/1, or a head of more than 64 KiB
  };

  /// Takes bytes of the stream. After `done`, bytes behind the response are malformed: nothing else
  /// was asked for.
  State take(std::string_view bytes);
  /// The stream ends: `done` if that ends the body, else `more`.
  State end() const { return until_end_ ? State::done : State::more; }

  int status() const { return status_; }
  /// Whether the connection can carry another request.
  bool keeps_alive() const { return keeps_alive_; }
  bool has_retry_after() const { return retry_after_; }
  /// The name in a JSON body's member "pod"; empty if there is none.
  std::string_view pod() const;

private:
  enum class Part : std::uint8_t { head, body, size, chunk, chunk_end, trailer, done };

  // Each takes some of `bytes` away, or all of them; false: malformed.
  bool read_head(std::string_view &bytes);
  void read_body(std::string_view &bytes);
  bool read_line(std::string_view &bytes);

  bool take_head();
  bool take_field(std::string_view line);
  /// One line of the chunked form.
  bool take_line(std::string_view line);
  void keep(std::string_view bytes);

  Part part_ = Part::head;
  bool keeps_alive_ = true, retry_after_ = false, until_end_ = false;
  bool chunked_ = false, json_ = false;
  int status_ = 0;
  std::uint64_t left_ = 0; ///< bytes of the body or of the chunk
  std::string line_;       ///< what was read of the head or of a line
  std::string body_;       ///< the beginning of a JSON body
};

} // namespace hello::load
