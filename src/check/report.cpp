#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "check/context.h"
#include "check/escape.h"
#include "hello/text.h"
#include "hello/version.h"

namespace hello::check {
namespace {

std::string seconds_of(std::chrono::milliseconds time) {
  return fmt::format("{}.{:03}", time.count() / 1000, time.count() % 1000);
}

void write(json::Writer &out, const Result &result) {
  const Outcome &outcome = result.outcome;
  out.begin_object().key("name").string(result.name);
  out.key("verdict").string(word(outcome.verdict)).key("cause").string(outcome.cause);
  out.key("what").string(outcome.what).key("evidence").begin_array();
  for (const std::string &one : outcome.evidence) out.string(one);
  out.end_array().key("advice").string(outcome.advice);
  out.key("seconds").raw(seconds_of(result.time)).key("figures").begin_array();
  for (const Figure &one : outcome.figures) {
    out.begin_object().key("name").string(one.name).key("value").number(one.value);
    out.key("unit").string(one.unit).key("floor").number(one.floor).end_object();
  }
  out.end_array().end_object();
}

/// All that a check says, in lines.
std::string details(const Outcome &outcome) {
  std::string out = outcome.what;
  for (const std::string &one : outcome.evidence) out += "\n" + one;
  if (!outcome.advice.empty()) out += "\n" + outcome.advice;
  return out;
}

std::string xml_lines(const std::string &text) {
  std::string out;
  for (const std::string_view line : text::lines(text)) out += escaped(line) + "\n";
  return out;
}

} // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out;
}

Summary summary(const Report &report) {
  std::array<int, 5> counts{};
  bool starts = false; // without a service that runs, nothing is known of services
  for (const Result &result : report.results) {
    ++counts[static_cast<std::size_t>(result.outcome.verdict)];
    starts |= result.name == "start" && result.outcome.verdict <= Verdict::warn;
  }
  Summary all;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i])
      all.counts += fmt::format("{}{} {}", all.counts.empty() ? "" : ", ", counts[i],
                                word(static_cast<Verdict>(i)));
  switch (report.exit) {
  case Exit::ok:
    all.meaning = starts ? "a normal service works on this cluster"
                         : "what was checked works; no service was tried";
    break;
  case Exit::no:
    all.meaning = counts[static_cast<std::size_t>(Verdict::fail)] > 0
                      ? "a normal service would not work on this cluster"
                      : "a check of --require did not pass, or one warned (--strict)";
    break;
  default: all.meaning = "not all is known: see what is inconclusive";
  }
  return all;
}

std::string to_json(const Report &report) {
  std::string text;
  json::Writer out(text, json::Style::indented);
  out.begin_object().key("version").number(1).key("kind").string("hello-check");
  out.key("hello").string(build_info().version).key("run").string(report.run);
  out.key("context").string(report.context).key("server").string(report.server);
  out.key("started").string(text::utc(report.started));
  out.key("seconds").raw(seconds_of(report.time)).key("namespaces").begin_array();
  for (const std::string &ns : report.namespaces) out.string(ns);
  out.end_array().key("exit").number(static_cast<int>(report.exit));
  out.key("apiLost").boolean(report.api_lost).key("left").begin_array();
  for (const std::string &one : report.left) out.string(one);
  out.end_array().key("checks").begin_array();
  for (const Result &result : report.results) write(out, result);
  out.end_array().end_object();
  return text + "\n";
}

std::string to_junit(const Report &report) {
  int failures = 0, errors = 0, skipped = 0;
  std::string cases;
  for (const Result &result : report.results) {
    const Outcome &outcome = result.outcome;
    cases += fmt::format("  <testcase classname=\"hello.check\" name=\"{}\" time=\"{}\">\n",
                         result.name, seconds_of(result.time));
    std::string_view element;
    switch (outcome.verdict) {
    case Verdict::fail:
      element = "failure";
      ++failures;
      break;
    case Verdict::inconclusive:
      element = "error";
      ++errors;
      break;
    case Verdict::skip:
      element = "skipped";
      ++skipped;
      break;
    case Verdict::pass:
    case Verdict::warn: break;
    }
    if (element.empty())
      cases += fmt::format("    <system-out>{}</system-out>\n", xml_lines(details(outcome)));
    else
      cases +=
          fmt::format("    <{0} message=\"{1}: {2}\">{3}</{0}>\n", element, escaped(outcome.cause),
                      escaped(outcome.what), xml_lines(details(outcome)));
    cases += "  </testcase>\n";
  }
  std::string properties, left;
  const std::pair<std::string_view, std::string> facts[] = {
      {"run", report.run},
      {"context", report.context},
      {"server", report.server},
      {"exit", std::to_string(static_cast<int>(report.exit))}};
  for (const auto &[name, value] : facts)
    properties += fmt::format("<property name=\"{}\" value=\"{}\"/>", name, escaped(value));
  for (const std::string &one : report.left) left += "left: " + one + "\n";
  if (report.api_lost) left += "the API server did not answer all the time\n";
  if (!left.empty()) cases += "  <system-err>" + xml_lines(left) + "</system-err>\n";
  return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"hello check\" "
                     "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\" "
                     "timestamp=\"{}\">\n  <properties>{}</properties>\n{}</testsuite>\n",
                     report.results.size(), failures, errors, skipped, seconds_of(report.time),
                     text::utc(report.started), properties, cases);
}

} // namespace hello::check
