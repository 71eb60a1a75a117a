#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

constexpr std::string_view kName = "check-node-port";
constexpr std::size_t kMostNodes = 5;
constexpr int kRequests = 3; ///< to each node

} // namespace

kube::Result<json::Value> make_service(Context &context, std::string_view name,
                                       std::string_view spec) {
  const auto made = context.apply(
      fmt::format(R"({{"apiVersion": "v1", "kind": "Service", "metadata": {{"name": "{}"}}, )"
                  R"("spec": {{{}, "selector": {{"{}": "hello", "{}": "{}"}}, "ports": )"
                  R"([{{"name": "http", "port": 80, "targetPort": "http"}}]}}}})",
                  name, spec, names::kName, names::kInstance, kSteady),
      context.a);
  if (!made) {
    context.words_of(made.failure());
    return made.failure();
  }
  return context.read({"v1", "Service", context.a, std::string(name)});
}

Outcome check_node_port(Context &context) {
  const auto service = make_service(context, kName, R"("type": "NodePort")");
  if (!service) return refused(service.failure(), "make a Service with a node port");
  const auto port = service->at("spec", "ports").items().at(0).at("nodePort").number();
  std::vector<Node> nodes;
  if (const auto failure = list_nodes(context, nodes)) return refused(*failure, "list the nodes");
  std::erase_if(nodes, [](const Node &node) { return !node.ready || node.ip.empty(); });
  if (nodes.size() > kMostNodes) nodes.resize(kMostNodes);
  if (nodes.empty()) return inconclusive("NoInstrument", "no node is ready and has an address");
  // The nodes' proxies learn of the new Service within some seconds.
  Client client{.name = std::string(kName), .ns = context.b, .args = {"wait 5000"}};
  const auto ask = [&](const std::string &ip, std::int64_t at) {
    client.args.push_back(fmt::format("get http://{}:{}/ {} 100 - {} 0",
                                      ip.find(':') == ip.npos ? ip : "[" + ip + "]", at, kRequests,
                                      context.run));
  };
  ask(service->text("spec", "clusterIP"), 80);
  for (const Node &node : nodes) ask(node.ip, port);
  const Heard heard = context.ask(client);
  if (!heard.trouble.empty()) return no_instrument(heard);
  const json::Value *control = heard.of(1, "get");
  if (!control || control->at("marked").number() < kRequests)
    return inconclusive("ControlFailed",
                        "the same Service does not answer by its ClusterIP: " +
                            (control ? control->text("failure") : std::string("no line")));
  std::vector<std::string> dead;
  std::size_t from_here = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const json::Value *got = heard.of(i + 2, "get");
    if (!got) return no_instrument(heard);
    if (got->at("marked").number() < kRequests)
      dead.push_back(fmt::format("Node/{}, {}:{}: {} of {} requests: {}", nodes[i].name,
                                 nodes[i].ip, port, got->at("marked").number(), kRequests,
                                 got->text("failure")));
    const auto reply = context.options.ask(nodes[i].ip, static_cast<int>(port), "hello", "/");
    from_here += reply.status == 200 && reply.body.find(context.run) != reply.body.npos;
  }
  if (!dead.empty()) {
    dead.emplace_back("the same Service answers by its ClusterIP");
    return failed("NodePortDead", fmt::format("port {} does not lead to our pods", port),
                  std::move(dead),
                  "look at kube-proxy on that node, and at firewalls for ports 30000 to 32767");
  }
  return passed(fmt::format("{} of {} requests to port {} of {} nodes; from this machine {} of {} "
                            "answer",
                            kRequests, kRequests, port, nodes.size(), from_here, nodes.size()));
}

} // namespace hello::check
