#include <algorithm>
#include <string>

#include "hello/text.h"
#include "manifest/lint/formats.h"

namespace hello::manifest {
namespace {

/// A field of a schedule: its range, and the names that stand for numbers from `least` on.
struct Field {
  std::int64_t least, most;
  std::string_view names;
};

constexpr Field kFields[] = {{0, 59, ""},
                             {0, 23, ""},
                             {1, 31, ""},
                             {1, 12, "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"},
                             {0, 6, "sun|mon|tue|wed|thu|fri|sat"}};

/// A number or a name in the field's range; -1: neither.
std::int64_t value_of(std::string_view word, const Field &field) {
  const auto names = text::split(field.names, '|');
  const auto name = std::find(names.begin(), names.end(), text::lower(std::string(word)));
  if (!field.names.empty() && name != names.end()) return field.least + (name - names.begin());
  if (word.starts_with('+')) word.remove_prefix(1);
  return text::is_digits(word) ? text::integer(word, field.least, field.most).value_or(-1) : -1;
}

/// "*", "5", "1-5", each with "/2" behind it.
bool is_range(std::string_view range, const Field &field) {
  const bool has_step = range.find('/') != range.npos;
  std::string_view step = range;
  range = text::take(step, '/');
  if (step.starts_with('+')) step.remove_prefix(1);
  if (has_step && (!text::is_digits(step) || !text::integer(step, 1))) return false;
  const bool has_end = range.find('-') != range.npos;
  std::string_view end = range;
  const std::string_view start = text::take(end, '-');
  if (start == "*" || start == "?") return end.find('-') == end.npos;
  const std::int64_t first = value_of(start, field);
  const std::int64_t last = has_end ? value_of(end, field) : first;
  return first >= 0 && last >= first;
}

bool is_list(std::string_view list, const Field &field) {
  for (const std::string_view range : text::split(list, ','))
    if (!range.empty() && !is_range(range, field)) return false;
  return true;
}

} // namespace

bool is_cron(std::string_view schedule) {
  constexpr std::string_view kDescriptors[] = {"@yearly", "@annually", "@monthly", "@weekly",
                                               "@daily",  "@midnight", "@hourly"};
  if (schedule.find("TZ") != schedule.npos) return false; // the field timeZone has it
  if (schedule.starts_with("@every ")) return schedule.find_first_of("0123456789") != schedule.npos;
  if (schedule.starts_with('@'))
    return std::find(std::begin(kDescriptors), std::end(kDescriptors), schedule) !=
           std::end(kDescriptors);
  const auto words = text::words(schedule);
  if (words.size() != std::size(kFields)) return false;
  for (std::size_t place = 0; place < words.size(); ++place)
    if (!is_list(words[place], kFields[place])) return false;
  return true;
}

} // namespace hello::manifest
