#include <algorithm>

#include "server/http/framer.h"
#include "server/http/syntax.h"

namespace hello::server {

using namespace syntax;

namespace {
constexpr std::size_t kSizeDigits = 16;      ///< of a chunk's size: more would not fit 64 bits
constexpr std::size_t kLineBytes = 512;      ///< chunk size with extensions, or one trailer
constexpr std::size_t kOverheadBytes = 8192; ///< of all extensions and trailers of a body

/// *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), RFC 9112 7.1.1
bool are_extensions(std::string_view text) {
  const auto skip_blanks = [&] {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  };
  const auto take_token = [&] {
    std::size_t n = 0;
    while (n < text.size() && is(text[n], token_char)) ++n;
    text.remove_prefix(n);
    return n > 0;
  };
  while (!text.empty()) {
    skip_blanks();
    if (text.empty() || text.front() != ';') return false;
    text.remove_prefix(1);
    skip_blanks();
    if (!take_token()) return false;
    auto rest = text;
    skip_blanks();
    if (text.empty() || text.front() != '=') {
      text = rest;
      continue;
    }
    text.remove_prefix(1);
    skip_blanks();
    if (text.empty() || text.front() != '"') {
      if (!take_token()) return false;
      continue;
    }
    std::size_t n = 1;
    while (n < text.size() && text[n] != '"') n += text[n] == '\\' ? 2 : 1;
    if (n >= text.size() || !consists_of(text.substr(0, n), value_char)) return false;
    text.remove_prefix(n + 1);
  }
  return true;
}
} // namespace

void ChunkedBody::end_of_line(const Limits &limits) {
  std::string_view line = line_;
  if (state_ == State::trailer) {
    if (line.empty()) {
      state_ = State::done;
      return;
    }
    auto colon = line.find(':');
    if (colon == line.npos || !is_token(line.substr(0, colon)) ||
        !consists_of(line.substr(colon + 1), value_char))
      refuse(400, "bad_trailer");
    return;
  }
  std::size_t digits = 0;
  chunk_remaining_ = 0;
  for (; digits < line.size() && is(line[digits], hex); ++digits) {
    if (digits == kSizeDigits) return refuse(400, "bad_chunk");
    chunk_remaining_ = chunk_remaining_ * 16 + static_cast<std::uint64_t>(hex_value(line[digits]));
  }
  if (digits == 0 || !are_extensions(line.substr(digits))) return refuse(400, "bad_chunk");
  // Compared before the sum, which could overflow.
  if (chunk_remaining_ > limits.body_bytes) return refuse(413, "body_too_long");
  total_ += chunk_remaining_;
  if (total_ > limits.body_bytes) return refuse(413, "body_too_long");
  state_ = chunk_remaining_ == 0 ? State::trailer : State::data;
}

/// Takes one byte that is not data: of the line end after a chunk, or of a chunk or trailer line.
void ChunkedBody::take_byte(char c, const Limits &limits) {
  switch (state_) {
  case State::data_cr:
    if (c != '\r') return refuse(400, "bad_chunk");
    state_ = State::data_lf;
    return;
  case State::data_lf:
    if (c != '\n') return refuse(400, "bad_chunk");
    state_ = State::line;
    return;
  default: break;
  }
  if (cr_) {
    if (c != '\n') return refuse(400, "bad_chunk");
    cr_ = false;
    end_of_line(limits);
    line_.clear();
  } else if (c == '\r') {
    cr_ = true;
  } else if (c == '\n') {
    refuse(400, "bare_lf");
  } else {
    append_to_line(c);
  }
}

void ChunkedBody::append_to_line(char c) {
  const bool trailer = state_ == State::trailer;
  const bool overhead = trailer || line_.size() >= kSizeDigits;
  if (line_.size() == kLineBytes || (overhead && ++overhead_ > kOverheadBytes))
    return trailer ? refuse(431, "trailers_too_long") : refuse(400, "bad_chunk");
  line_ += c;
}

void ChunkedBody::consume(std::string_view &bytes, const Limits &limits) {
  while (!bytes.empty() && !done() && !refusal_) {
    if (state_ == State::data) {
      const auto n = std::min<std::uint64_t>(chunk_remaining_, bytes.size());
      bytes.remove_prefix(n);
      chunk_remaining_ -= n;
      if (chunk_remaining_ == 0) state_ = State::data_cr;
      continue;
    }
    take_byte(bytes.front(), limits);
    bytes.remove_prefix(1);
  }
}

} // namespace hello::server
