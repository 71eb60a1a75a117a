#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"
#include "hello/mask.h"
#include "hello/text.h"

namespace hello::check {

std::string tidied(std::string_view text) {
  std::string line = text::printable(mask::applied(text));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return text::shortened(line, 2048);
}

std::string_view word(Verdict verdict) {
  constexpr std::string_view kWords[] = {"pass", "warn", "fail", "skip", "inconclusive"};
  return kWords[static_cast<std::size_t>(verdict)];
}

Outcome passed(std::string what) { return {.what = std::move(what)}; }

Outcome inconclusive(std::string cause, std::string what) {
  return {.verdict = Verdict::inconclusive, .cause = std::move(cause), .what = std::move(what)};
}

Outcome failed(std::string cause, std::string what, std::vector<std::string> evidence,
               std::string advice) {
  return {Verdict::fail,       std::move(cause),  std::move(what),
          std::move(evidence), std::move(advice), {}};
}

Outcome no_instrument(const Heard &heard) {
  return inconclusive("NoInstrument",
                      heard.trouble.empty() ? "the client's log lacks an answer" : heard.trouble);
}

Outcome refused(const kube::Failure &failure, const std::string &doing) {
  const bool forbidden = failure.trouble == kube::Trouble::forbidden && !failure.rule.empty();
  Outcome outcome = inconclusive(forbidden ? "NotPermitted" : "Refused",
                                 fmt::format("cannot {}: {}", doing, failure.words));
  outcome.advice = failure.rule;
  return outcome;
}

Exit exit_of(const Report &report, const Options &options) {
  if (report.exit >= Exit::hung_up) return report.exit;
  bool unknown = report.api_lost || !report.left.empty(), passes = false;
  for (const Result &result : report.results) {
    const Verdict verdict = result.outcome.verdict;
    const bool required = std::find(options.require.begin(), options.require.end(), result.name) !=
                          options.require.end();
    if (verdict == Verdict::fail || (options.strict && verdict == Verdict::warn) ||
        (required && verdict > Verdict::warn))
      return Exit::no;
    unknown |= verdict == Verdict::inconclusive;
    passes |= verdict <= Verdict::warn;
  }
  return unknown || !passes ? Exit::failure : Exit::ok;
}

} // namespace hello::check
