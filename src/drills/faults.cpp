#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "hello/drills.h"
#include "hello/text.h"

namespace hello::drills {
namespace {

constexpr Definition kDefinitions[] = {
    {"unready", "", "", "/readyz answers 503, so the pod leaves its Service"},
    {"unlive", "", "", "/livez answers 503, so the kubelet restarts the container"},
    {"latency", "TIME[,JITTER]", "", "responses are delayed by TIME, plus or minus JITTER"},
    {"errors", "STATUS[,SHARE]", "500", "a share of the requests gets an error response"},
    {"reset", "SHARE", "100%", "a share of the requests has its connection reset"},
    {"work", "TIME", "", "each request uses this much CPU time"},
    {"burn", "SHARE", "100%", "a share of one CPU is kept busy"},
    {"crash", "CODE|segv|ill|fpe", "1", "the process ends: with an exit code, or by a real fault"},
    {"hang", "", "", "an event loop stops, and its connections get no responses"},
    {"drain", "TIME", "", "shutdown takes this much longer"},
    {"log", "LINES", "100", "LINES lines are logged per second"},
    {"memory", "SIZE|oom", "", "this much memory is used; oom: until the kernel kills the process"},
    {"disk", "SIZE|evict", "", "a file in /tmp has this size; evict: until the pod is evicted"},
    {"start", "N", "1", "the process ends, and its next N starts fail"},
};
static_assert(std::size(kDefinitions) == kFaults);

constexpr std::int64_t kLongestLatency = 60'000, kLongestWork = 1000; // milliseconds
/// The kubelet looks at an emptyDir's size about once a minute.
constexpr std::chrono::minutes kTimeToEvict{3};
constexpr std::int64_t kLongestDrain = 600'000, kMostLines = 500;
constexpr std::size_t kLongestText = 64;
constexpr std::string_view kCrashes[] = {"exit", "segv", "ill", "fpe"};
/// Those that metrics count one by one.
constexpr std::string_view kStatuses = "400|403|404|429|500|502|503|504";

/// The parsers of one part of a value return what is wrong with it, or nothing.
std::string parse_ms(std::string_view text, std::int64_t min, std::int64_t max, std::int64_t &ms) {
  const auto time = text::duration(text);
  if (!time || time->count() < min || time->count() > max)
    return fmt::format("'{}' is not a time from {}ms to {}ms, such as 20ms", text, min, max);
  ms = time->count();
  return "";
}

std::string parse_share(std::string_view text, std::int64_t &percent) {
  const auto digits = text.substr(0, text.size() - text.ends_with('%'));
  const auto number = text::is_digits(digits) ? text::integer(digits, 1, 100) : std::nullopt;
  if (!number) return fmt::format("'{}' is not a share from 1% to 100%", text);
  percent = *number;
  return "";
}

std::string parse_status(std::string_view text, std::int64_t &status) {
  const auto all = text::split(kStatuses, '|');
  if (std::find(all.begin(), all.end(), text) == all.end())
    return fmt::format("'{}' is not a status that a drill answers: use {}", text,
                       text::alternatives(kStatuses));
  status = *text::integer(text);
  return "";
}

std::string parse_crash(std::string_view text, Drill &drill) {
  const auto crash = std::find(std::begin(kCrashes) + 1, std::end(kCrashes), text);
  drill.second = crash == std::end(kCrashes) ? 0 : crash - std::begin(kCrashes);
#if !defined(__x86_64__)
  if (text == "fpe") return "this processor does not fault when it divides by zero";
#endif
  if (drill.second != 0) return "";
  const auto code = text::is_digits(text) ? text::integer(text, 0, 255) : std::nullopt;
  if (!code)
    return fmt::format(
        "'{}' is not an exit code from 0 to 255, segv, ill or fpe (a container's first process "
        "gets no default action for other signals that it sends itself)",
        text);
  drill.amount = *code;
  return "";
}

std::string parse_count(std::string_view text, std::int64_t most, std::int64_t &count) {
  const auto number = text::is_digits(text) ? text::integer(text, 1, most) : std::nullopt;
  if (!number) return fmt::format("'{}' is not a number from 1 to {}", text, most);
  count = *number;
  return "";
}

/// `unbounded_word` stands for no bound.
std::string parse_size(std::string_view text, std::string_view unbounded_word,
                       std::int64_t &bytes) {
  const auto size = text::Quantity::parse(text);
  const bool unbounded = text == unbounded_word;
  if (!unbounded &&
      (!size || *size < text::Quantity::parse("1Mi") || *size > text::Quantity::parse("64Gi")))
    return fmt::format("'{}' is not a size from 1Mi to 64Gi, such as 64Mi, or {}", text,
                       unbounded_word);
  bytes = unbounded ? kNoBound : static_cast<std::int64_t>(size->value());
  return "";
}

std::string parse_value(std::string_view first, std::string_view second, Drill &drill) {
  switch (drill.fault) {
  case Fault::unready:
  case Fault::unlive:
  case Fault::hang: return "";
  case Fault::latency:
    if (std::string why = parse_ms(first, 1, kLongestLatency, drill.amount); !why.empty())
      return why;
    return second.empty() ? "" : parse_ms(second, 0, drill.amount, drill.second);
  case Fault::errors:
    drill.second = 100;
    if (std::string why = parse_status(first, drill.amount); !why.empty()) return why;
    return second.empty() ? "" : parse_share(second, drill.second);
  case Fault::reset:
  case Fault::burn: return parse_share(first, drill.amount);
  case Fault::work: return parse_ms(first, 1, kLongestWork, drill.amount);
  case Fault::crash: return parse_crash(first, drill);
  case Fault::drain: return parse_ms(first, 1, kLongestDrain, drill.amount);
  case Fault::log: return parse_count(first, kMostLines, drill.amount);
  case Fault::memory: return parse_size(first, "oom", drill.amount);
  case Fault::disk:
    if (first == "evict") drill.time = kTimeToEvict;
    return parse_size(first, "evict", drill.amount);
  case Fault::start: return parse_count(first, kMostRepeats, drill.amount);
  }
  return "";
}

/// All names, for messages.
std::string names() {
  std::string all;
  for (const Definition &one : kDefinitions) all.append(all.empty() ? "" : "|").append(one.name);
  return all;
}

} // namespace

std::span<const Definition> definitions() { return kDefinitions; }

std::string_view name_of(Fault fault) { return kDefinitions[static_cast<std::size_t>(fault)].name; }

std::optional<Fault> fault_of(std::string_view name) {
  for (std::size_t i = 0; i < kFaults; ++i)
    if (kDefinitions[i].name == name) return static_cast<Fault>(i);
  return std::nullopt;
}

std::string parse(std::string_view text, Drill &drill) {
  if (text.size() > kLongestText) return "the fault's text is too long"; // logs and files hold it
  std::string_view value = text;
  const std::string_view name = text::take(value, '=');
  const auto fault = fault_of(name);
  if (!fault) return fmt::format("unknown fault '{}': use {}", name, text::alternatives(names()));
  drill.fault = *fault;
  drill.text = text;
  drill.amount = drill.second = drill.repeat = 0;
  drill.time = kDefaultTime;
  const Definition &definition = kDefinitions[static_cast<std::size_t>(*fault)];
  const bool has_value = name.size() < text.size();
  if (has_value && definition.value.empty())
    return fmt::format("{} takes no value: '{}'", name, value);
  if (!has_value) value = definition.fallback;
  if (value.empty() && !definition.value.empty())
    return fmt::format("{} needs a value: {}={}", name, name, definition.value);
  std::string_view second = value;
  const std::string_view first = text::take(second, ',');
  const bool takes_two = definition.value.find(',') != definition.value.npos;
  if (first.size() < value.size() && (!takes_two || second.empty()))
    return fmt::format("{}: '{}' is not {}", name, value, definition.value);
  const std::string why = parse_value(first, second, drill);
  return why.empty() ? "" : fmt::format("{}: {}", name, why);
}

std::string parse_repeat(std::string_view text, Drill &drill) {
  if (drill.fault != Fault::crash)
    return fmt::format("{} cannot repeat: only crash can", name_of(drill.fault));
  std::int64_t count = 0;
  std::string why = parse_count(text, kMostRepeats, count);
  drill.repeat = static_cast<int>(count);
  return why;
}

std::string parse_time(std::string_view text, Drill &drill) {
  const auto time = text::duration(text);
  if (!time || *time < std::chrono::seconds(1) || *time > kLongestTime)
    return fmt::format("'{}' is not a time from 1s to {}m, such as 90s", text,
                       kLongestTime.count());
  drill.time = *time;
  return "";
}

std::string parse(std::string_view text, Scheduled &scheduled) {
  const std::size_t at = text.find('@');
  if (at == text.npos) return "it has no start: write FAULT[=VALUE]@START[+TIME]";
  if (std::string why = parse(text.substr(0, at), scheduled.drill); !why.empty()) return why;
  std::string_view time = text.substr(at + 1);
  const std::string_view start = text::take(time, '+');
  const auto after = text::duration(start);
  if (!after || *after > kLatestStart)
    return fmt::format("'{}' is not a start from 0s to 24h, such as 20s", start);
  scheduled.start = *after;
  if (at + 1 + start.size() == text.size()) return "";
  return parse_time(time, scheduled.drill);
}

} // namespace hello::drills
