#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"
#include "check/escape.h"
#include "hello/text.h"
#include "hello/version.h"

namespace hello::check {
namespace {

// Contrast of text is at least 4.5 to 1 in both themes (WCAG AA); verdicts are words, not colors.
constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>hello check</title><style>
:root{color-scheme:light dark;--ink:#1a1a1a;--paper:#fff;--line:#767676;--good:#0b6b2b;--bad:#b00020;--odd:#7a4b00;--bar:#3465a4}
@media (prefers-color-scheme:dark){:root{--ink:#eee;--paper:#161616;--good:#6fd08c;--bad:#ff8a8a;--odd:#f0c060;--bar:#7aa6da}}
body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
section{border-top:1px solid var(--line);padding:.5rem 0;break-inside:avoid}
h2{font-size:1.1rem;margin:0}p{margin:.25rem 0}pre{white-space:pre-wrap;margin:.25rem 0}
.pass{color:var(--good)}.fail{color:var(--bad)}.warn,.skip,.inconclusive{color:var(--odd)}
rect{fill:var(--bar)}text{fill:var(--ink);font-size:12px}
@media print{body{max-width:none;margin:0}}
</style></head><body><main><h1>hello check</h1>
)";

/// A bar for the time of each check.
std::string graph_of(const Report &report) {
  constexpr int kRow = 20, kLeft = 90, kWidth = 420;
  std::int64_t longest = 1;
  for (const Result &one : report.results)
    longest = std::max<std::int64_t>(longest, one.time.count());
  std::string bars;
  int y = 0;
  for (const Result &one : report.results) {
    bars += fmt::format("<text x=\"0\" y=\"{0}\">{1}</text><rect x=\"{2}\" y=\"{3}\" width=\"{4}\" "
                        "height=\"14\"/><text x=\"{5}\" y=\"{0}\">{6}.{7} s</text>\n",
                        y + 12, one.name, kLeft, y,
                        std::max<std::int64_t>(one.time.count() * kWidth / longest, 1),
                        kLeft + one.time.count() * kWidth / longest + 6, one.time.count() / 1000,
                        one.time.count() / 100 % 10);
    y += kRow;
  }
  return fmt::format("<svg role=\"img\" aria-label=\"time of each check\" viewBox=\"0 0 600 {}\" "
                     "width=\"100%\">\n{}</svg>\n",
                     y, bars);
}

/// "p99 3.6 ms"
std::string text_of(const Figure &figure) {
  if (figure.unit != "us" || figure.value < 1000)
    return fmt::format("{} {} {}", figure.name, figure.value, figure.unit);
  return fmt::format("{} {}.{} ms", figure.name, figure.value / 1000, figure.value / 100 % 10);
}

/// The class of its color.
std::string_view colour_of(Exit exit) {
  if (exit == Exit::ok) return "pass";
  return exit == Exit::no ? "fail" : "warn";
}

std::string section_of(const Result &result) {
  const Outcome &outcome = result.outcome;
  std::string out =
      fmt::format("<section><h2>{0} <span class=\"{1}\">{1}{2}{3}</span></h2><p>{4}"
                  "</p>\n",
                  result.name, word(outcome.verdict), outcome.cause.empty() ? "" : ": ",
                  escaped(outcome.cause), escaped(outcome.what));
  for (const std::string &one : outcome.evidence)
    if (!one.empty()) out += fmt::format("<pre>{}</pre>\n", escaped(one));
  if (!outcome.advice.empty()) out += fmt::format("<p>Next: {}</p>\n", escaped(outcome.advice));
  std::string figures;
  for (const Figure &one : outcome.figures) figures += (figures.empty() ? "" : ", ") + text_of(one);
  if (!figures.empty()) out += fmt::format("<p>{}</p>\n", figures);
  return out + "</section>\n";
}

} // namespace

std::string to_html(const Report &report) {
  const auto [counts, meaning] = summary(report);
  std::string out(kHead);
  out += fmt::format("<p class=\"{}\"><b>{}</b></p><p>{} in {} s</p>\n", colour_of(report.exit),
                     meaning, counts,
                     std::chrono::duration_cast<std::chrono::seconds>(report.time).count());
  out += fmt::format("<p>{}, context {}, Kubernetes {}, run {}, hello {}, exit code {}</p>\n",
                     text::utc(report.started),
                     report.context.empty() ? "(current)" : escaped(report.context),
                     escaped(report.server), escaped(report.run), build_info().version,
                     static_cast<int>(report.exit));
  out += graph_of(report);
  for (const Result &one : report.results) out += section_of(one);
  for (const std::string &one : report.left)
    out += fmt::format("<p class=\"warn\">left: {}</p>\n", escaped(one));
  if (report.api_lost) out += "<p class=\"warn\">the API server did not answer all the time</p>\n";
  return out + "</main></body></html>\n";
}

} // namespace hello::check
