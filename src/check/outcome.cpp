#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {

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

} // namespace hello::check
