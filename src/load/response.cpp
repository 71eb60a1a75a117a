#include "load/response.h"

#include <algorithm>
#include <charconv>

#include "hello/text.h"

namespace hello::load {
namespace {

using State = Response::State;

constexpr std::size_t kLongestHead = 64 << 10, kLongestLine = 4096, kKeptBody = 16 << 10;
constexpr std::int64_t kLargestBody = std::int64_t{1} << 50;

/// Whether a list value names `token`, in any case.
bool names(std::string_view value, std::string_view token) {
  for (const std::string_view part : text::split(value, ','))
    if (text::lower(text::trimmed(part)) == token) return true;
  return false;
}

} // namespace

State Response::take(std::string_view bytes) {
  while (!bytes.empty()) {
    switch (part_) {
    case Part::head:
      if (!read_head(bytes)) return State::malformed;
      break;
    case Part::body:
    case Part::chunk: read_body(bytes); break;
    case Part::size:
    case Part::chunk_end:
    case Part::trailer:
      if (!read_line(bytes)) return State::malformed;
      break;
    case Part::done: return State::malformed;
    }
  }
  return part_ == Part::done ? State::done : State::more;
}

bool Response::read_head(std::string_view &bytes) {
  const std::size_t before = line_.size();
  line_ += bytes.substr(0, kLongestHead + 1 - before);
  const std::size_t end = line_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == line_.npos) {
    bytes = {};
    return line_.size() <= kLongestHead;
  }
  bytes.remove_prefix(end + 4 - before);
  line_.resize(end);
  return take_head();
}

void Response::read_body(std::string_view &bytes) {
  const std::string_view piece = until_end_ ? bytes : bytes.substr(0, left_);
  keep(piece);
  bytes.remove_prefix(piece.size());
  if (until_end_) return;
  left_ -= piece.size();
  if (left_ == 0) part_ = part_ == Part::body ? Part::done : Part::chunk_end;
}

bool Response::read_line(std::string_view &bytes) {
  const std::size_t end = bytes.find('\n');
  line_ += bytes.substr(0, end);
  if (line_.size() > kLongestLine) return false;
  bytes.remove_prefix(std::min(end, bytes.size() - 1) + 1);
  if (end == bytes.npos) return true;
  if (line_.ends_with('\r')) line_.pop_back();
  const bool good = take_line(line_);
  line_.clear();
  return good;
}

bool Response::take_head() {
  std::string_view rest = line_;
  const std::string_view first = text::first_line(rest);
  const auto status =
      first.size() >= 12 ? text::integer(first.substr(9, 3), 100, 999) : std::nullopt;
  if (!first.starts_with("HTTP/1.") || first[8] != ' ' || !status) return false;
  status_ = static_cast<int>(*status);
  keeps_alive_ = first[7] != '0';
  left_ = 0;
  until_end_ = true;
  for (const std::string_view line : text::lines(rest.substr(first.size())))
    if (!line.empty() && !take_field(line)) return false;
  line_.clear();
  if (status_ < 200) { // interim: the response comes after it
    until_end_ = false;
    return true;
  }
  if (status_ == 204 || status_ == 304) {
    until_end_ = chunked_ = false;
    left_ = 0;
  }
  if (chunked_) {
    until_end_ = false;
    part_ = Part::size;
  } else {
    part_ = until_end_ || left_ > 0 ? Part::body : Part::done;
  }
  if (until_end_) keeps_alive_ = false;
  return true;
}

bool Response::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos || colon == 0) return false;
  const std::string name = text::lower(line.substr(0, colon));
  const std::string_view value = text::trimmed(line.substr(colon + 1));
  if (name == "content-length") {
    const auto length = text::integer(value, 0, kLargestBody);
    if (!length) return false;
    left_ = static_cast<std::uint64_t>(*length);
    until_end_ = false;
  } else if (name == "transfer-encoding") {
    chunked_ = names(value, "chunked");
  } else if (name == "connection") {
    if (names(value, "close")) keeps_alive_ = false;
    if (names(value, "keep-alive")) keeps_alive_ = true;
  } else if (name == "retry-after") {
    retry_after_ = true;
  } else if (name == "content-type") {
    json_ = text::lower(value).starts_with("application/json");
  }
  return true;
}

bool Response::take_line(std::string_view line) {
  if (part_ == Part::chunk_end) {
    part_ = Part::size;
    return line.empty();
  }
  if (part_ == Part::trailer) {
    if (line.empty()) part_ = Part::done;
    return true;
  }
  const std::string_view digits = text::trimmed(line.substr(0, line.find(';')));
  const auto [end, wrong] =
      std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
  if (wrong != std::errc() || end != digits.data() + digits.size() ||
      left_ > static_cast<std::uint64_t>(kLargestBody))
    return false;
  part_ = left_ > 0 ? Part::chunk : Part::trailer;
  return true;
}

void Response::keep(std::string_view bytes) {
  if (json_) body_ += bytes.substr(0, kKeptBody - std::min(kKeptBody, body_.size()));
}

std::string_view Response::pod() const {
  constexpr std::string_view kMember = "\"pod\":\"";
  const std::size_t at = body_.find(kMember);
  if (at == body_.npos) return {};
  const std::string_view rest = std::string_view(body_).substr(at + kMember.size());
  const std::size_t end = rest.find('"');
  return end == rest.npos ? std::string_view() : rest.substr(0, end);
}

} // namespace hello::load
