#include "cli/view/check.h"

#include <fmt/core.h>

#include "cli/view/counted.h"
#include "cli/view/table.h"

namespace hello::cli {
namespace {

using check::Verdict;

struct Look {
  std::string_view sign, colour;
};
constexpr Look kLooks[] = {{"√", kGreen}, {"‼", kYellow}, {"×", kRed}, {"–", kDim}, {"?", kYellow}};

const Look &look_of(Verdict verdict) { return kLooks[static_cast<std::size_t>(verdict)]; }

constexpr Column kColumns[] = {{"", 1}, {"", 10}, {""}};

std::string time_of(std::chrono::milliseconds time) {
  return fmt::format("{}.{} s", time.count() / 1000, time.count() / 100 % 10);
}

/// What is free for the pods of a plan, and a warning where that is too little.
std::string room_of(const check::Plan &plan) {
  const check::Room &room = plan.room;
  if (!room.known) return "free capacity is not known: nodes or pods may not be listed\n";
  std::string out = fmt::format("free on {} that these pods may use: {} m of CPU and {} MB\n",
                                counted(static_cast<std::size_t>(room.nodes), "node"),
                                room.milli_cpu, room.memory_mb);
  if (room.pods >= plan.pods && room.milli_cpu >= plan.milli_cpu &&
      room.memory_mb >= plan.memory_mb)
    return out;
  return out + fmt::format("warning: only {} of {} fit; a cluster autoscaler would buy a node, and "
                           "without one checks fail\n",
                           room.pods, counted(static_cast<std::size_t>(plan.pods), "pod"));
}

constexpr std::string_view kTiers[] = {"core", "--full", "--only"};

} // namespace

std::string text_of(const check::Result &result, const Paint &paint) {
  const check::Outcome &outcome = result.outcome;
  const Look &look = look_of(outcome.verdict);
  std::string line = row(kColumns, {look.sign, result.name, outcome.what});
  line.replace(0, look.sign.size(), paint(look.colour, look.sign));
  std::string out = line + "  " + paint(kDim, "(took " + time_of(result.time) + ")") + "\n";
  if (outcome.verdict == Verdict::pass) return out;
  const std::string indent(15, ' ');
  for (const std::string &one : outcome.evidence)
    if (!one.empty()) out += indent + one + "\n";
  if (!outcome.cause.empty())
    out += indent +
           paint(look.colour, fmt::format("{}: {}", word(outcome.verdict), outcome.cause)) + "\n";
  if (!outcome.advice.empty()) out += indent + "next: " + outcome.advice + "\n";
  return out;
}

std::string summary_of(const check::Report &report, const Paint &paint) {
  const auto [counts, meaning] = check::summary(report);
  std::string out = fmt::format("\n{} in {}\n", counts, time_of(report.time));
  for (const std::string &one : report.left) out += paint(kYellow, "left: " + one) + "\n";
  if (!report.left.empty()) out += "run 'hello check --cleanup' to remove what is left\n";
  if (report.api_lost) out += paint(kYellow, "the API server did not answer all the time") + "\n";
  std::string cut;
  for (const check::Result &result : report.results)
    if (result.outcome.cause == "Interrupted") cut += fmt::format(" {}", result.name);
  if (!cut.empty()) out += paint(kYellow, "interrupted before the end of:" + cut) + "\n";
  std::string_view colour = kYellow;
  if (report.exit == Exit::ok) colour = kGreen;
  if (report.exit == Exit::no) colour = kRed;
  return out + paint(colour, meaning) + "\n";
}

std::string text_of(const check::Plan &plan) {
  std::string out = "runs";
  for (const std::string_view name : plan.checks) out += fmt::format(" {}", name);
  out += fmt::format("\ntakes about {} s\nmakes{}\n", plan.seconds,
                     plan.objects.empty() ? " nothing" : ", and removes at the end:");
  for (const std::string &one : plan.objects) out += "  " + one + "\n";
  if (plan.pods > 0)
    out += fmt::format("requests at most {} m of CPU and {} MB of memory, for {}\n", plan.milli_cpu,
                       plan.memory_mb, counted(static_cast<std::size_t>(plan.pods), "pod")) +
           room_of(plan);
  out += "needs:\n";
  for (const std::string &one : plan.rights) out += "  " + one + "\n";
  if (!plan.left_out.empty()) out += "ignores these settings of yours:\n";
  for (const std::string &one : plan.left_out) out += "  " + one + "\n";
  return out;
}

std::string list_of(const std::vector<check::Info> &checks) {
  constexpr Column kList[] = {{"CHECK", 13}, {"RUNS", 6}, {"NEEDS", 10}, {"PROVES THAT"}};
  std::string out = title_row(kList) + "\n";
  for (const check::Info &one : checks)
    out += row(kList, {one.name, kTiers[static_cast<std::size_t>(one.tier)],
                       one.needs.empty() ? "-" : one.needs, one.proves}) +
           "\n";
  return out;
}

} // namespace hello::cli
