#include "cli/view/rehearse.h"

#include <algorithm>

#include <fmt/core.h>

#include "cli/view/load.h"
#include "cli/view/table.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

using rehearse::Count;
using rehearse::Report;
using rehearse::Second;

constexpr std::size_t kRows = 40, kBar = 24;

std::string time_of(const Report &report, const Count &count) {
  if (!report.saturated.empty() || count.requests == 0) return "";
  return time_text(static_cast<std::uint64_t>(count.slowest_us) * 1000);
}

/// The seconds, several in one row where they would be too many.
std::vector<Second> rows_of(const Report &report) {
  const std::size_t each = report.seconds.size() / kRows + 1;
  std::vector<Second> rows;
  for (std::size_t i = 0; i < report.seconds.size(); ++i) {
    if (i % each == 0) rows.push_back({0});
    rows.back().ms = report.seconds[i].ms;
    rows.back().count.add(report.seconds[i].count);
  }
  return rows;
}

/// Without blanks at the end.
std::string line(std::string row) {
  row.erase(row.find_last_not_of(' ') + 1);
  return row + "\n";
}

/// A row for each second or more: the slowest answer as a bar, the failed requests, and what
/// happened.
std::string graph_of(const Report &report) {
  static constexpr Column kColumns[] = {{"TIME", 6, Column::Align::right},
                                        {"SLOWEST", 8, Column::Align::right},
                                        {"", kBar},
                                        {"FAILED", 6, Column::Align::right},
                                        {""}};
  std::int64_t most = 1;
  for (const Second &one : report.seconds) most = std::max(most, one.count.slowest_us);
  std::string out = line(title_row(kColumns));
  std::size_t next = 0;
  for (const Second &one : rows_of(report)) {
    std::string bar, events;
    for (std::int64_t i = 0; i * most < one.count.slowest_us * std::int64_t{kBar}; ++i) bar += "█";
    if (!report.saturated.empty()) bar.clear();
    for (; next < report.marks.size() && report.marks[next].ms < one.ms; ++next)
      events += (events.empty() ? "" : "; ") + report.marks[next].text;
    out += line(row(kColumns, {fmt::format("{} s", one.ms / 1000), time_of(report, one.count), bar,
                               one.count.failed ? std::to_string(one.count.failed) : std::string(),
                               text::printable(events)}));
  }
  return out;
}

std::string table_of(const Report &report) {
  static constexpr Column kColumns[] = {{"PHASE", 20},
                                        {"REQUESTS", 8, Column::Align::right},
                                        {"FAILED", 6, Column::Align::right},
                                        {"OVER 100 ms", 11, Column::Align::right},
                                        {"SLOWEST", 8, Column::Align::right}};
  std::string out = line(title_row(kColumns));
  for (const rehearse::Phase &phase : report.phases()) {
    const bool trusted = report.saturated.empty();
    out += line(row(kColumns, {phase.name, std::to_string(phase.count.requests),
                               std::to_string(phase.count.failed),
                               trusted ? std::to_string(phase.count.slow) : std::string(),
                               time_of(report, phase.count)}));
  }
  return out;
}

std::string verdict_of(const Report &report) {
  const Count felt = report.felt();
  std::string out = "Users would have felt ";
  if (felt.failed > 0)
    out += fmt::format("{} failed of {} requests; all statuses: {}, without an answer: {}",
                       felt.failed, felt.requests, report.statuses, report.lost);
  else
    out += fmt::format("no failure: {} requests were answered", felt.requests);
  if (!report.saturated.empty())
    return out + ". How slow the answers were is not known: the load's own pod was late (" +
           report.saturated + ")\n";
  if (felt.slow > 0)
    out += fmt::format("; {} took longer than 100 ms, up to {}", felt.slow, time_of(report, felt));
  else
    out += "; the slowest took " + time_of(report, felt);
  return out + "\n";
}

void append(json::Writer &out, const Count &count) {
  out.key("requests").number(count.requests).key("failed").number(count.failed);
  out.key("slow").number(count.slow).key("slowestNs").number(count.slowest_us * 1000);
}

} // namespace

std::string text_of(const rehearse::Mark &mark) {
  return fmt::format("{} s: {}", mark.ms / 1000, mark.text);
}

std::string text_of(const Report &report) {
  std::string out = graph_of(report) + "\n" + table_of(report) + "\n" + verdict_of(report);
  if (!report.incomplete.empty()) out += "Not as written: " + report.incomplete + "\n";
  return out;
}

std::string json_of(const Report &report, const rehearse::Plan &plan,
                    const rehearse::Options &options, const kube::Access &access) {
  std::string text;
  json::Writer out(text);
  out.begin_object().key("version").number(1).key("exercise");
  out.string(rehearse::definitions()[static_cast<std::size_t>(plan.exercise)].name);
  out.key("context").string(access.context).key("namespace").string(access.ns);
  out.key("release").string(access.release).key("url").string(plan.url);
  out.key("rate").number(options.rate).key("pods").begin_array();
  for (const drills::Target &one : plan.targets) out.string(one.pod);
  out.end_array().key("felt").begin_object();
  append(out, report.felt());
  out.end_object().key("saturated").boolean(!report.saturated.empty());
  out.key("incomplete").string(report.incomplete);
  out.key("statuses").raw(report.statuses).key("lost").raw(report.lost);
  out.key("phases").begin_array();
  for (const rehearse::Phase &one : report.phases()) {
    out.begin_object().key("name").string(one.name);
    append(out, one.count);
    out.end_object();
  }
  out.end_array().key("events").begin_array();
  for (const rehearse::Mark &one : report.marks)
    out.begin_object().key("ms").number(one.ms).key("text").string(one.text).end_object();
  out.end_array().key("seconds").begin_array();
  for (const Second &one : report.seconds) {
    out.begin_object().key("ms").number(one.ms);
    append(out, one.count);
    out.end_object();
  }
  out.end_array().end_object();
  return text;
}

std::string exercises_text() {
  std::string out;
  for (const rehearse::Definition &one : rehearse::definitions())
    out += fmt::format("{}: {}\n  {}\n", one.name, one.summary, one.course);
  return out;
}

std::string exercises_json() {
  std::string text;
  json::Writer out(text);
  out.begin_array();
  for (const rehearse::Definition &one : rehearse::definitions()) {
    out.begin_object().key("name").string(one.name).key("summary").string(one.summary);
    out.key("course").string(one.course).end_object();
  }
  out.end_array();
  return text;
}

} // namespace hello::cli
