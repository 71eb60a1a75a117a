#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

using std::chrono::seconds;

/// Opens the target to pods with the role "allowed" only.
constexpr std::string_view kDoor = R"({"apiVersion": "networking.k8s.io/v1", "kind":
"NetworkPolicy", "metadata": {"name": "check-door"}, "spec": {"podSelector": {"matchLabels":
{"hello/role": "target"}}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector":
{"matchExpressions": [{"key": "hello/role", "operator": "In", "values": ["allowed", "shut"]}]}}],
"ports": [{"port": 8080, "protocol": "TCP"}]}]}})";

/// Lets the pod with the role "shut" send nothing.
constexpr std::string_view kShut = R"({"apiVersion": "networking.k8s.io/v1", "kind":
"NetworkPolicy", "metadata": {"name": "check-shut"}, "spec": {"podSelector": {"matchLabels":
{"hello/role": "shut"}}, "policyTypes": ["Egress"], "egress": []}})";

constexpr std::string_view kMetadata = "169.254.169.254"; ///< of cloud providers

/// How the tries of one step ended.
struct Tries {
  int open = 0, closed = 0;
  std::int64_t first = INT64_MAX, last = 0;           ///< the node's clock, ms
  std::int64_t first_open = INT64_MAX, last_open = 0; ///< of the open ones

  Tries(const Heard &heard, std::size_t step) {
    for (const json::Value &line : heard.lines) {
      if (line.text("step") != "connect" ||
          line.at("i").number() != static_cast<std::int64_t>(step))
        continue;
      const std::int64_t at = line.at("wall").number();
      const bool opened = line.at("open").boolean();
      ++(opened ? open : closed);
      first = std::min(first, at - line.at("us").number() / 1000);
      last = std::max(last, at);
      if (!opened) continue;
      first_open = std::min(first_open, at);
      last_open = std::max(last_open, at);
    }
  }
};

/// What the clients of the check reported.
struct Said {
  Heard allowed, denied, shut;
};

std::string connect(std::string_view ip, int port, int count, int every) {
  return fmt::format("connect {} {} {} {} 1000", ip, port, count, every);
}

/// Starts the target and the clients, which wait until the policies are old enough.
Outcome ask_all(Context &context, const Place &pod, Said &said) {
  const Client target{
      .name = "check-target", .ns = context.b, .args = {}, .role = "target", .serves = true};
  for (const std::string_view policy : {kDoor, kShut})
    if (const auto made = context.apply(policy, context.b); !made) {
      context.words_of(made.failure());
      return refused(made.failure(), "make a NetworkPolicy");
    }
  if (const std::string trouble = context.start(target); !trouble.empty())
    return inconclusive("NoInstrument", trouble);
  const std::string ip = context.address_of(context.b, target.name);
  if (ip.empty()) return inconclusive("NoInstrument", "the target of the clients does not start");
  if (ip.find(':') != ip.npos)
    return {.verdict = Verdict::skip, .cause = "Ipv6", .what = "pods have IPv6 addresses"};
  // from 6 to 16 s after its start; the denied ones try from 8 to 12 s after theirs
  const Client allowed{.name = "check-allowed",
                       .ns = context.b,
                       .args = {"wait 6000", connect(ip, 8080, 24, 500),
                                connect(pod.ip, 8080, 3, 100), connect(pod.ip, 8081, 3, 100),
                                connect(kMetadata, 80, 1, 100)},
                       .longest = seconds(60),
                       .role = "allowed"};
  const Client denied{.name = "check-denied",
                      .ns = context.b,
                      .args = {"wait 8000", connect(ip, 8080, 3, 1000)},
                      .longest = seconds(60),
                      .role = "denied"};
  const Client shut{
      .name = "check-shut",
      .ns = context.b,
      .args = {"wait 8000", connect(ip, 8080, 3, 1000), connect(kMetadata, 80, 1, 100)},
      .longest = seconds(60),
      .role = "shut"};
  for (const Client *one : {&allowed, &denied, &shut})
    if (const std::string trouble = context.start(*one); !trouble.empty())
      return inconclusive("NoInstrument", trouble);
  context.doing("clients knock at open and closed doors");
  said = {context.hear(allowed), context.hear(denied), context.hear(shut)};
  for (const Heard *one : {&said.allowed, &said.denied, &said.shut})
    if (!one->trouble.empty()) return no_instrument(*one);
  return passed("");
}

/// Whether the open door was open before, during and after the closed one was tried.
bool brackets(const Tries &control, const Tries &tried) {
  return control.closed == 0 && control.open > 0 && tried.open + tried.closed > 0 &&
         control.first_open < tried.first && control.last_open > tried.last;
}

} // namespace

Outcome check_policy(Context &context) {
  const std::vector<Place> pods = context.pods(context.a, kSteady);
  if (pods.empty()) return inconclusive("NoInstrument", "the release has no pod");
  Said said;
  if (Outcome outcome = ask_all(context, pods[0], said); !outcome.cause.empty()) return outcome;
  const Tries control(said.allowed, 1), in(said.denied, 1), out(said.shut, 1);
  const Tries own_open(said.allowed, 2), own_closed(said.allowed, 3);
  if (!brackets(control, in) || !brackets(control, out) || own_open.open != 3 ||
      own_closed.open + own_closed.closed == 0)
    return inconclusive("ControlFailed",
                        fmt::format("the allowed client reached the target {} of {} times around "
                                    "the denied tries, so they prove nothing",
                                    control.open, control.open + control.closed));
  std::vector<std::string> open;
  const auto note = [&](const Tries &tries, std::string_view what) {
    if (tries.open > 0)
      open.push_back(
          fmt::format("{} of {} connections {}", tries.open, tries.open + tries.closed, what));
  };
  note(in, "that the target's policy forbids were open");
  note(out, "of a client that may send nothing were open");
  note(own_closed, "to the service's admin port, which its policy closes, were open");
  const Tries cloud(said.allowed, 4), cloud_shut(said.shut, 2);
  if (cloud.open > 0) note(cloud_shut, "of that client to the cloud's metadata address were open");
  if (!open.empty())
    return failed("NotDenied", "NetworkPolicies are not enforced", std::move(open),
                  "the network plugin must enforce NetworkPolicies; several do not");
  const int denied = in.closed + out.closed + own_closed.closed;
  return passed(fmt::format("{} of {} forbidden connections denied, {} of {} allowed ones open; "
                            "cloud metadata: {}",
                            denied, denied, control.open, control.open,
                            cloud.open > 0 ? "closed by the policy" : "not reachable at all"));
}

} // namespace hello::check
