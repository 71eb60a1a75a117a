#include <algorithm>
#include <set>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/options/advice.h"
#include "cli/view/load.h"
#include "cli/view/output.h"
#include "hello/address.h"
#include "hello/file.h"
#include "hello/kube.h"

namespace hello::cli {
namespace {

// What a target that is neither this machine nor the release gets without a word of consent.
constexpr std::int64_t kFreeRate = 1000;
constexpr int kFreeConnections = 200;
constexpr auto kFreeTime = std::chrono::minutes(15);

bool is_heavy(const load::Plan &plan) {
  return plan.rate > kFreeRate || plan.connections > kFreeConnections || plan.time > kFreeTime;
}

/// Calls `see` with each address that the list of a field names, as `key` of its members or as
/// text.
void see_all(const json::Value &list, std::string_view key, std::set<std::string> &seen) {
  for (const json::Value &item : list.items())
    seen.emplace(key.empty() ? item.text() : item.at(key).text());
}

/// The addresses of the release's Service, pods and Ingress.
std::set<std::string> addresses_of_release(const LoadOptions &flags) {
  const config::Config config = flags.config.load();
  const auto cluster = connect(config, flags.config, Purpose::read);
  const kube::Access &access = cluster->access();
  std::set<std::string> seen;
  const auto read = [&](const kube::Id &id) {
    auto got = cluster->read(id);
    return got ? std::move(*got) : json::Value();
  };
  const json::Value service = read({"v1", "Service", access.ns, access.release});
  see_all(service.at("spec", "clusterIPs"), "", seen);
  see_all(service.at("status", "loadBalancer", "ingress"), "ip", seen);
  const json::Value ingress = read({"networking.k8s.io/v1", "Ingress", access.ns, access.release});
  see_all(ingress.at("status", "loadBalancer", "ingress"), "ip", seen);
  const kube::Collection pods{"v1", "Pod", access.ns, names::pods_selector(access.release)};
  const auto failure = cluster->list(
      pods, [&](json::Value &&pod) { see_all(pod.at("status", "podIPs"), "ip", seen); });
  if (failure) throw explain(*failure, "list the release's pods", access);
  return seen;
}

/// Throws Error(Exit::usage) if so much load for that target needs --yes-really.
void check_consent(const LoadOptions &flags, const load::Target &target) {
  const std::string &host = target.url.host;
  if (!flags.yes_really.empty() && flags.yes_really != host)
    throw Error(Exit::usage, fmt::format("--yes-really names {}, and the URL's host is {}",
                                         flags.yes_really, host));
  if (!is_heavy(flags.plan) || target.is_loopback() || flags.yes_really == host) return;
  const std::string limits = fmt::format("more than {} requests a second, {} connections or {} "
                                         "minutes",
                                         kFreeRate, kFreeConnections, kFreeTime.count());
  std::string outside;
  try {
    const std::set<std::string> own = addresses_of_release(flags);
    for (const sys::Address &address : target.addresses)
      if (!own.contains(sys::ip_text(address))) outside = sys::ip_text(address);
    if (outside.empty()) return;
    outside += " belongs neither to this machine nor to the release";
  } catch (const Error &error) {
    if (error.is_interruption()) throw;
    outside = fmt::format("the release's addresses are not known ({})", error.what());
  }
  throw Error(Exit::usage, fmt::format("{} for {}: {}", limits, host, outside),
              fmt::format("if you may load it: --yes-really {}", host));
}

std::string check_header(const std::string &header) {
  const std::size_t colon = header.find(':');
  if (colon == 0 || colon == header.npos) return fmt::format("'{}' is not NAME: VALUE", header);
  for (const char c : header)
    if (static_cast<unsigned char>(c) < ' ' && c != '\t') return "it has a control character";
  return header.substr(0, colon).find_first_of(" \t") == header.npos
             ? ""
             : "there is a blank in the name";
}

} // namespace

Exit run(const LoadOptions &flags) {
  const load::Target target = load::resolve(flags.url);
  check_consent(flags, target);
  const sys::Interrupts interrupts("interrupted", "");
  const Console &console = flags.config.console;
  const bool live = !console.quiet && flags.format == Format::text && isatty(STDERR_FILENO);
  console.note(text_of(target, flags.plan));
  const load::Report report = load::run(target, flags.plan, [&](const load::Report &so_far) {
    if (live) sys::write_all(STDERR_FILENO, progress_of(so_far, flags.plan));
  });
  if (live) sys::write_all(STDERR_FILENO, "\r\033[K");
  if (flags.format == Format::text)
    print(text_of(report));
  else
    print_document(json_of(report, target, flags.plan), flags.format);
  if (report.stop == load::Stop::interrupted) return static_cast<Exit>(128 + sys::interrupted());
  if (report.stop == load::Stop::told)
    say(fmt::format("stopped: {} answered {} and asks for less load", target.url.host,
                    report.told));
  if (const std::string why = report.saturation(); !why.empty()) {
    say("generator saturated: " + why + "; the latencies would be its own, not the server's");
    return Exit::failure;
  }
  return report.errors() == 0 && report.stop == load::Stop::none ? Exit::ok : Exit::no;
}

void declare(const Command &command, LoadOptions &options) {
  load::Plan &plan = options.plan;
  command.section("Arguments");
  OptionSpec url{"http URL to request", "URL"};
  url.required = true;
  command.text("URL", options.url, url);
  command.section();
  command.number("--rate", plan.rate, 1, 100'000, {"requests a second", "NUMBER", nullptr, "10"});
  command.duration("--for", plan.time, {"time of the run", "TIME"}, std::chrono::milliseconds(100));
  command.number("--connections", plan.connections, 1, 10'000,
                 {"connections, opened as they are needed", "NUMBER", nullptr, "50"});
  command.duration("--wait", plan.wait, {"longest wait for responses at the end", "TIME"});
  OptionSpec header{"header of each request", "NAME: VALUE"};
  command
      .each(
          "--header",
          [&plan](const std::string &value) {
            plan.headers.push_back(value);
            return check_header(value);
          },
          header)
      .repeats = true;
  command.text("--yes-really", options.yes_really,
               {"the URL's host: more than 1,000 requests a second, 200 connections or 15 minutes "
                "for a host that is neither this machine nor the release",
                "HOST"});
  options.config.add_to(command, {.cluster = true});
  add_format(command, options.format, "text|json|yaml");
  command.details(
      "Requests are due at fixed times, whatever the server does, and latency counts from then. A "
      "request without an answer is an error. 429, or 503 with Retry-After, ends the run. Exit "
      "code 1: there were errors; 6: this machine was too slow to measure.");
  command.example("hello load http://127.0.0.1:8080/", "10 requests a second for 10 s");
  command.example("hello load http://127.0.0.1:8080/ --rate 500 --for 1m -o json", "for a program");
}

} // namespace hello::cli
