#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "hello/check_client.h"
#include "hello/error.h"
#include "hello/file.h"
#include "hello/json.h"
#include "hello/text.h"

/// What the client of a check reads and writes: the words of its steps, and lines.
namespace hello::check {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

inline std::int64_t nanos(Clock::duration time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

/// The words of one step, read in order.
class Words {
public:
  Words(std::string_view step, std::size_t index)
      : step_(step), words_(text::words(step)), index_(index) {}
  std::size_t index() const { return index_; }
  std::string_view next() {
    if (at_ >= words_.size()) refuse();
    const std::string_view word = words_[at_++];
    return word == "-" ? std::string_view() : word;
  }
  std::int64_t number(std::int64_t max = 10'000'000) {
    const auto value = text::integer(next(), 0, max);
    if (!value) refuse();
    return *value;
  }
  milliseconds time() { return milliseconds(number(3'600'000)); }
  bool more() const { return at_ < words_.size(); }
  [[noreturn]] void refuse() const {
    throw Error(Exit::usage, fmt::format("'{}' is not a step of a check's client", step_));
  }

private:
  std::string_view step_;
  std::vector<std::string_view> words_;
  std::size_t index_, at_ = 0;
};

/// Numbers and writes the lines.
class Lines {
public:
  Lines(std::string_view run, int out) : run_(run), out_(out) {}

  json::Writer &begin() {
    line_.clear();
    writer_.emplace(line_);
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    number(writer_->begin_object(), "v", kProtocol).key("run").string(run_);
    number(*writer_, "seq", ++count_);
    number(*writer_, "ns", nanos(Clock::now() - start_));
    return number(*writer_, "wall", std::chrono::duration_cast<milliseconds>(wall).count());
  }
  json::Writer &begin(std::string_view step, const Words &words) {
    return number(begin(), "i", static_cast<std::int64_t>(words.index())).key("step").string(step);
  }
  void end() {
    writer_->end_object();
    line_ += '\n';
    sys::write_all(out_, line_);
  }
  void finish() {
    const std::int64_t lines = count_ + 1;
    number(begin().key("end").boolean(true), "lines", lines);
    end();
  }
  static json::Writer &number(json::Writer &out, std::string_view key, std::int64_t value) {
    return out.key(key).number(value);
  }

private:
  std::string run_, line_;
  int out_;
  std::optional<json::Writer> writer_; ///< of the present line
  std::int64_t count_ = 0;
  Clock::time_point start_ = Clock::now();
};

} // namespace hello::check
