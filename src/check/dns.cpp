#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

struct Question {
  std::string name, how; ///< "a udp"
  std::int64_t count;
  bool may_be_empty = false;
};

/// "refused: 3, no response in 5 s: 1"
std::string states_of(const json::Value &line) {
  std::string out;
  for (const auto &[state, count] : line.at("states").members())
    if (state != "found")
      out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", state, count.number());
  return out;
}

/// Whether the pod answered by its address, before the questions and after them.
bool control_worked(const Heard &heard, std::size_t last) {
  for (const std::size_t step : {std::size_t{0}, last}) {
    const json::Value *got = heard.of(step, "get");
    if (!got || got->at("marked").number() == 0) return false;
  }
  return true;
}

/// The names that pods ask for, from the clients' namespace.
std::vector<Question> questions_of(const Context &context) {
  const std::string in_a = fmt::format("{}.{}", kSteady, context.a);
  std::vector<Question> questions = {{in_a, "a udp", 100},
                                     {in_a + ".svc", "a udp", 100},
                                     {in_a + ".svc", "a tcp", 50},
                                     {in_a + ".svc", "aaaa udp", 50, true}};
  if (const std::string outside = context.user.text("check.externalName"); !outside.empty())
    questions.push_back({outside + ".", "a udp", 20});
  return questions;
}

} // namespace

Outcome check_dns(Context &context) {
  const std::vector<Place> pods = context.pods(context.a, kSteady);
  if (pods.empty()) return inconclusive("NoInstrument", "the release has no pod to compare with");
  const std::vector<Question> questions = questions_of(context);
  Client client{
      .name = "check-dns", .ns = context.b, .args = {}, .longest = std::chrono::seconds(90)};
  client.args.push_back(fmt::format("get http://{}:8080/ 5 10 - {} 0", pods[0].ip, context.run));
  for (const Question &one : questions)
    client.args.push_back(fmt::format("dns {} {} {}", one.name, one.how, one.count));
  client.args.push_back(client.args[0]); // the control again, after the questions
  const Heard heard = context.ask(client);
  if (!heard.trouble.empty()) return no_instrument(heard);
  if (!control_worked(heard, questions.size() + 1))
    return inconclusive("ControlFailed", "a pod does not answer the client by its address, so "
                                         "the client's lookups prove nothing");
  std::int64_t asked = 0, p99 = 0, longest = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const Question &one = questions[i];
    const json::Value *got = heard.of(i + 1, "dns");
    if (!got) return no_instrument(heard);
    const std::string address = got->text("address");
    if (got->at("count").number() < one.count)
      return failed(got->at("states").find("no such name") ? "NoSuchName" : "LookupsLost",
                    fmt::format("{} ({}): {}", one.name, one.how, states_of(*got)),
                    {fmt::format("the server is {}; the same client reached Pod/{} by its address",
                                 got->text("server"), pods[0].name)},
                    "look at the DNS pods: kubectl -n kube-system get pods -l k8s-app=kube-dns");
    if (!one.may_be_empty && got->at("states", "found").number() < one.count)
      return failed("NoAddress",
                    fmt::format("{} ({}) has no address: {}", one.name, one.how, states_of(*got)),
                    {}, "look at the DNS server's configuration");
    if (!one.may_be_empty && one.name.starts_with(kSteady) && address != context.service_ip)
      return failed(
          "WrongAddress",
          fmt::format("{} is {}, and the Service has {}", one.name, address, context.service_ip),
          {}, "the DNS server's view of the cluster is old: look at its log");
    asked += one.count;
    p99 = std::max(p99, got->at("p99us").number());
    longest = std::max(longest, got->at("maxus").number());
  }
  Outcome outcome =
      passed(fmt::format("{} lookups, 0 lost, p99 {}.{} ms", asked, p99 / 1000, p99 / 100 % 10));
  if (longest >= 5'000'000)
    outcome = failed("SlowLookups", fmt::format("a lookup took {} s", longest / 1'000'000), {},
                     "5 s is a resolver's time limit: packets are lost on the way");
  else if (p99 > context.bound("dns.p99").count() * 1000) {
    outcome.verdict = Verdict::warn;
    outcome.cause = "SlowLookups";
    outcome.advice = "look at the load of the DNS pods";
  }
  outcome.figures = {{"p99", "us", p99, 20'000}, {"max", "us", longest, 50'000}};
  return outcome;
}

} // namespace hello::check
