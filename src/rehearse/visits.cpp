#include "rehearse/visits.h"

#include <algorithm>

#include <fmt/core.h>

#include "hello/check_client.h"
#include "hello/client_pod.h"

namespace hello::rehearse {
namespace {

using std::chrono::milliseconds;

/// How late the load may write its requests: more would count as the service's slowness.
constexpr std::int64_t kLatestUs = 25'000;

std::vector<std::string> args_of(const std::string &run, const std::string &url, int rate,
                                 milliseconds time) {
  return {"check-client", run, fmt::format("load {} {} {} close", url, rate, time.count())};
}

} // namespace

Visits::Visits(kube::Cluster &cluster, const Plan &plan, int rate, std::chrono::seconds longest)
    : cluster_(cluster), run_(release::random_id()),
      job_(cluster, plan.destination, args_of(run_, plan.url, rate, longest),
           longest + std::chrono::minutes(1)) {}

std::int64_t Visits::now() const {
  return std::chrono::duration_cast<milliseconds>(cluster_.now() - start_).count();
}

void Visits::look(Report &report) {
  const load::Job::State state = job_.look();
  if (!state.runs && !state.ended) return;
  const auto log = job_.log();
  if (!log) return; // what was read before still holds
  const check::Heard heard = check::read_lines(*log, run_);
  if (!heard.trouble.empty()) throw Error(Exit::failure, "the load failed: " + heard.trouble);
  if (state.ended && !heard.ended)
    throw Error(Exit::failure, fmt::format("the load ended with exit code {}", state.exit_code));
  report.seconds.clear();
  Count before;
  for (const json::Value &line : heard.lines) {
    if (line.text("step") != "loading") continue;
    std::int64_t lost = 0;
    for (const json::Member &one : line.at("lost").members()) lost += one.value.number();
    const Count so_far{line.at("answered").number() + lost, line.at("errors").number(),
                       line.at("slow").number()};
    report.seconds.push_back({line.at("ms").number(),
                              {so_far.requests - before.requests, so_far.failed - before.failed,
                               so_far.slow - before.slow, line.at("recentmaxus").number()}});
    before = so_far;
    report.unanswered = line.at("waiting").number();
    report.statuses = json::to_text(line.at("statuses"));
    report.lost = json::to_text(line.at("lost"));
    report.saturated =
        line.at("lagp99us").number() > kLatestUs ? line.text("saturated") : std::string();
  }
  ended_ = heard.ended;
  if (!report.seconds.empty())
    start_ = std::min(start_, cluster_.now() - milliseconds(report.seconds.back().ms));
}

} // namespace hello::rehearse
