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
#include "hello/load_job.h"
#include "hello/text.h"

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

/// Throws Error(Exit::usage) if so much load needs --yes-really for a host outside.
void check_consent(const LoadOptions &flags, const std::string &host, const std::string &outside) {
  if (outside.empty() || flags.yes_really == host) return;
  throw Error(Exit::usage,
              fmt::format("more than {} requests a second, {} connections or {} minutes for {}: {}",
                          kFreeRate, kFreeConnections, kFreeTime.count(), host, outside),
              fmt::format("if you may load it: --yes-really {}", host));
}

void check_name(const LoadOptions &flags, const std::string &host) {
  if (!flags.yes_really.empty() && flags.yes_really != host)
    throw Error(Exit::usage, fmt::format("--yes-really names {}, and the URL's host is {}",
                                         flags.yes_really, host));
}

/// Why a target belongs neither to this machine nor to the release; empty: it does.
std::string why_outside(const LoadOptions &flags, const load::Target &target) {
  if (target.is_loopback()) return "";
  try {
    const std::set<std::string> own = addresses_of_release(flags);
    for (const sys::Address &address : target.addresses)
      if (!own.contains(sys::ip_text(address)))
        return sys::ip_text(address) + " belongs neither to this machine nor to the release";
    return "";
  } catch (const Error &error) {
    if (error.is_interruption()) throw;
    return fmt::format("the release's addresses are not known ({})", error.what());
  }
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

/// The line that runs the same load in the Job's pod.
std::vector<std::string> args_of(const LoadOptions &flags) {
  const load::Plan &plan = flags.plan;
  std::vector<std::string> args = {"load", flags.url, "--start-within", "60s"};
  const auto add = [&](std::string_view name, std::string value) {
    args.emplace_back(name);
    args.push_back(std::move(value));
  };
  add("--rate", std::to_string(plan.rate));
  add("--for", fmt::format("{}ms", plan.time.count()));
  add("--wait", fmt::format("{}ms", plan.wait.count()));
  add("--connections", std::to_string(plan.connections));
  for (const std::string &header : plan.headers) add("--header", header);
  if (is_heavy(plan)) add("--yes-really", sys::parse_http_url(flags.url).host);
  if (flags.format != Format::text) add("--output", "json");
  return args;
}

/// Waits for the Job's end. Returns its exit code.
int await_end(kube::Cluster &cluster, load::Job &job) {
  for (;;) {
    const load::Job::State state = job.look();
    if (state.ended) return state.exit_code;
    cluster.sleep(std::chrono::seconds(1));
  }
}

/// The log of a Job that has ended.
std::string log_of(kube::Cluster &cluster, load::Job &job) {
  for (const sys::Deadline end = cluster.now() + std::chrono::seconds(30);;) {
    if (auto log = job.log()) return std::move(*log);
    if (cluster.now() >= end)
      throw Error(Exit::cluster, "cannot read the Job's log: the API server does not answer");
    cluster.sleep(std::chrono::seconds(1));
  }
}

/// What the Job's pod wrote to stdout and stderr, which its log has as one.
void show_log(std::string_view log, Format format) {
  std::string out;
  for (const std::string_view line : text::lines(log)) {
    if (line.starts_with("hello: ") || (out.empty() && line.starts_with("  ")))
      tell(STDERR_FILENO, std::string(line) + "\n");
    else
      out.append(line).append("\n");
  }
  if (out.empty()) return;
  if (format != Format::text) json::parse(out, "the Job's log"); // throws if a part is missing
  if (format == Format::text)
    print(text::printable(out));
  else
    print_document(out, format);
}

Exit run_in_cluster(const LoadOptions &flags) {
  const sys::HttpUrl url = sys::parse_http_url(flags.url);
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config, flags.config, Purpose::change);
  const load::Destination to = load::find_destination(*cluster, url);
  check_name(flags, url.host);
  if (is_heavy(flags.plan) && !to.is_own)
    check_consent(flags, url.host, to.text + " does not belong to the release");
  load::check_admission(*cluster, to);
  const std::vector<std::string> args = args_of(flags);
  load::Job job(*cluster, to, args,
                std::chrono::ceil<std::chrono::seconds>(flags.plan.time + flags.plan.wait) +
                    std::chrono::minutes(2));
  flags.config.console.note(
      fmt::format("Job/{} in {} loads {}", job.name(), cluster->access().ns, to.text));
  const int code = await_end(*cluster, job);
  show_log(log_of(*cluster, job), flags.format);
  const bool known = code == 0 || code == static_cast<int>(Exit::no);
  return known ? static_cast<Exit>(code) : Exit::failure;
}

} // namespace

Exit run(const LoadOptions &flags) {
  if (flags.in_cluster) return run_in_cluster(flags);
  const load::Target target = load::resolve(flags.url, flags.plan.patience);
  check_name(flags, target.url.host);
  if (is_heavy(flags.plan)) check_consent(flags, target.url.host, why_outside(flags, target));
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
  command.duration("--for", plan.time, {"duration of the run", "TIME"},
                   std::chrono::milliseconds(100));
  command.number("--connections", plan.connections, 1, 10'000,
                 {"maximum number of connections, opened as needed", "NUMBER", nullptr, "50"});
  command.duration("--wait", plan.wait, {"longest wait for responses at the end", "TIME"});
  command.duration("--start-within", plan.patience,
                   {"longest wait until the host resolves and accepts a connection", "TIME"});
  command.flag("--in-cluster", options.in_cluster,
               "send the requests from a Job in the release's namespace; it is removed at the end");
  OptionSpec header{"header of each request, as 'NAME: VALUE'", "HEADER"};
  command
      .each(
          "--header",
          [&plan](const std::string &value) {
            plan.headers.push_back(value);
            return check_header(value);
          },
          header)
      .repeats = true;
  command.text(
      "--yes-really", options.yes_really,
      {"name of the URL's host, to confirm a load of more than 1,000 requests a second, 200 "
       "connections or 15 minutes "
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
  command.example("hello load http://hello/ --in-cluster", "through the release's Service");
}

} // namespace hello::cli
