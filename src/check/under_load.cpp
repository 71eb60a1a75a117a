#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kRate = 20;
constexpr std::int64_t kLatest = 250'000; ///< microseconds that 1 % of requests may be written late

} // namespace

Client load_client(const Context &context, const std::string &service, const std::string &name,
                   int time) {
  const std::string load = fmt::format("load http://{}/ {}", service, kRate);
  return {.name = name,
          .ns = context.b,
          .args = {fmt::format("get http://{}/ 5 10 - {} 0", service, context.run), load + " 5000",
                   fmt::format("{} {}", load, time * 1000)},
          .longest = seconds(time + 30)};
}

bool await_load(Context &context, const Client &client) {
  for (const sys::Deadline end = context.until(seconds(60)); !context.is_over(end);) {
    const Heard heard = context.so_far(client.ns, client.name);
    if (heard.trouble.empty() && heard.of(2, "loading")) return true;
    if (heard.ended) return true; // it was fast: the control is judged later
    context.sleep(milliseconds(500));
  }
  return false;
}

bool still_loads(Context &context, const Client &client) {
  const Heard heard = context.so_far(client.ns, client.name);
  return heard.trouble.empty() && !heard.ended;
}

Outcome judge_load(const Heard &heard, std::vector<Figure> &figures, std::string_view meanwhile) {
  if (!heard.trouble.empty()) return no_instrument(heard);
  const json::Value *first = heard.of(0, "get"), *before = heard.of(1, "load"),
                    *under = heard.of(2, "load");
  if (!first || !before || !under) return no_instrument(heard);
  if (first->at("marked").number() == 0 || before->at("errors").number() > 0)
    return inconclusive("ControlFailed",
                        fmt::format("{} of {} requests failed before anything was changed",
                                    before->at("errors").number(), before->at("planned").number()));
  // a client that is a little late still shows what is lost; only its latencies are worth nothing
  const bool is_late = !under->text("saturated").empty();
  if (is_late && under->at("lagp99us").number() > kLatest)
    return inconclusive("Saturated", "the load client was too slow: " + under->text("saturated"));
  const std::int64_t errors = under->at("errors").number(), planned = under->at("planned").number();
  if (!is_late) figures.push_back({"p99", "us", under->at("p99us").number(), 20'000});
  if (planned < 500) return inconclusive("TooFew", "fewer than 500 requests were made");
  if (errors > 0)
    return failed("RequestsLost",
                  fmt::format("{} of {} requests failed while {}", errors, planned, meanwhile),
                  {"lost: " + json::to_text(under->at("lost")) +
                   ", statuses: " + json::to_text(under->at("statuses"))},
                  "pods stopped before the network had noticed: look at kube-proxy, and at "
                  "termination.preStop");
  return passed(fmt::format("{} of {} requests answered while {}", planned, planned, meanwhile));
}

} // namespace hello::check
