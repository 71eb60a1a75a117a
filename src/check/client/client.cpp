#include "hello/check_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <map>
#include <optional>
#include <thread>

#include <fmt/core.h>

#include "check/client/dns.h"
#include "check/client/lines.h"
#include "check/client/socket.h"
#include "check/client/steps.h"
#include "hello/error.h"
#include "hello/file.h"
#include "hello/histogram.h"
#include "hello/http_client.h"
#include "hello/http_send.h"
#include "hello/json.h"
#include "hello/load.h"
#include "hello/text.h"

namespace hello::check {
namespace {

constexpr milliseconds kReport{500}; ///< between the lines of a long step

constexpr milliseconds kStart{30'000};       ///< for the first connection of a load
constexpr std::uint64_t kSlow = 100'000'000; ///< nanoseconds; slower answers are counted

/// Which lookups and answers are too bad to go on: the rest would only take time.
constexpr int kGiveUp = 3;

std::int64_t cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void do_dns(Words words, Lines &lines) {
  const std::string_view name = words.next(), type = words.next(), proto = words.next();
  const std::int64_t count = words.number();
  const Resolver resolver =
      resolver_of(sys::read_file("/etc/resolv.conf", 64 << 10, Exit::failure));
  Histogram times;
  std::array<std::int64_t, 6> states{};
  std::vector<std::string> addresses; // one, unless servers disagree
  int bad = 0;
  for (std::int64_t i = 0; i < count && bad < kGiveUp; ++i) {
    const auto start = Clock::now();
    const Lookup one = look_up(resolver, name, type == "aaaa" ? 28 : 1,
                               proto == "tcp" ? Transport::tcp : Transport::udp);
    ++states[static_cast<std::size_t>(one.state)];
    if (one.state > Lookup::State::no_data) {
      ++bad;
      continue;
    }
    bad = 0;
    times.add(static_cast<std::uint64_t>(nanos(Clock::now() - start)));
    if (!one.address.empty() &&
        std::find(addresses.begin(), addresses.end(), one.address) == addresses.end())
      addresses.push_back(one.address);
  }
  json::Writer &out = lines.begin("dns", words);
  out.key("name").string(name).key("via").string(proto).key("server").string(resolver.server);
  out.key("address").string(text::join(addresses, " "));
  number(out, "count", times.count());
  latency(out, times);
  out.key("states").begin_object();
  for (std::size_t i = 0; i < states.size(); ++i)
    if (states[i]) out.key(word(static_cast<Lookup::State>(i))).number(states[i]);
  out.end_object();
  lines.end();
}

/// The answers to requests of one URL since the last line, and of the whole step.
struct Answers {
  std::map<std::string, std::uint64_t, std::less<>> pods;
  std::uint64_t ok = 0, marked = 0, failed = 0, bytes = 0;
  std::string first_failure;

  void take(const sys::HttpReply &reply, std::string_view mark) {
    if (reply.status != 200) {
      if (failed++ == 0)
        first_failure = reply.status ? fmt::format("status {}", reply.status) : reply.body;
      return;
    }
    ++ok;
    bytes = reply.body.size();
    if (!mark.empty() && reply.body.find(mark) != reply.body.npos) ++marked;
    constexpr std::string_view kMember = "\"pod\":\"";
    const std::size_t at = reply.body.find(kMember);
    if (at == reply.body.npos) return;
    const std::string_view rest = std::string_view(reply.body).substr(at + kMember.size());
    ++pods[std::string(rest.substr(0, std::min<std::size_t>(rest.find('"'), 253)))];
  }

  void write(json::Writer &out) const {
    number(out, "ok", ok);
    number(out, "marked", marked);
    number(out, "failed", failed);
    number(out, "bytes", bytes);
    out.key("failure").string(text::cut(first_failure, 200)).key("pods").begin_object();
    for (const auto &[pod, count] : pods) number(out, pod, count);
    out.end_object();
  }
};

void do_get(Words words, Lines &lines) {
  const sys::HttpUrl url = sys::parse_http_url(std::string(words.next()));
  const std::int64_t count = words.number();
  const milliseconds every = words.time();
  const std::string_view host = words.next(), mark = words.next();
  const std::string accept =
      "application/json, x/" + std::string(static_cast<std::size_t>(words.number(14'000)), 'x');
  Answers all, recent;
  Histogram times;
  auto due = Clock::now(), report = due + kReport;
  for (std::int64_t i = 0; i < count && (all.ok > 0 || all.failed < kGiveUp); ++i, due += every) {
    std::this_thread::sleep_until(due);
    const auto start = Clock::now();
    sys::HttpClient client(url.host, url.port, host.empty() ? url.authority : std::string(host));
    const sys::HttpReply reply =
        client.get(url.target, accept.c_str(), {kPatience, start + kPatience, 1 << 20});
    if (reply.status == 200) times.add(static_cast<std::uint64_t>(nanos(Clock::now() - start)));
    all.take(reply, mark);
    recent.take(reply, mark);
    if (Clock::now() < report) continue;
    recent.write(lines.begin("answers", words));
    lines.end();
    recent = {};
    report = Clock::now() + kReport;
  }
  json::Writer &out = lines.begin("get", words);
  all.write(out);
  latency(out, times);
  lines.end();
}

void do_post(Words words, Lines &lines) {
  const std::string url(words.next());
  const std::int64_t bytes = words.number(16 << 20);
  const auto start = Clock::now();
  const sys::HttpReply reply = sys::http_send(
      url, {{}, std::string(static_cast<std::size_t>(bytes), 'x')}, milliseconds(10'000));
  const bool whole = reply.status == 200 &&
                     reply.body.find(fmt::format("\"body_bytes\":{},", bytes)) != reply.body.npos;
  std::string failure = reply.status ? fmt::format("status {}", reply.status) : reply.body;
  if (whole) failure.clear();
  json::Writer &out = lines.begin("post", words);
  out.key("whole").boolean(whole).key("failure").string(text::cut(failure, 200));
  number(out, "us", static_cast<std::uint64_t>(nanos(Clock::now() - start) / 1000));
  lines.end();
}

void do_connect(Words words, Lines &lines) {
  const std::string_view ip = words.next();
  const std::int64_t port = words.number(65535), count = words.number();
  const milliseconds every = words.time(), patience = words.time();
  auto address = sys::parse_ip(ip);
  if (!address) words.refuse();
  address->set_port(static_cast<std::uint16_t>(port));
  auto due = Clock::now();
  for (std::int64_t i = 0; i < count; ++i, due += every) {
    std::this_thread::sleep_until(due);
    const auto start = Clock::now();
    sys::Fd socket;
    const int error = open_socket(*address, SOCK_STREAM, start + patience, socket);
    json::Writer &out = lines.begin("connect", words);
    out.key("open").boolean(error == 0);
    out.key("why").string(error ? std::strerror(error) : "");
    number(out, "us", static_cast<std::uint64_t>(nanos(Clock::now() - start) / 1000));
    lines.end();
  }
}

/// The largest value that was added after `before`, to a bucket's width.
std::uint64_t largest_since(const Histogram &before, const Histogram &now) {
  const auto known = before.buckets(), all = now.buckets();
  auto old = known.rbegin();
  for (auto one = all.rbegin(); one != all.rend(); ++one, ++old)
    if (old == known.rend() || old->from != one->from || old->count != one->count)
      return std::min(one->to, now.max());
  return 0;
}

void counts(json::Writer &out, const load::Report &report) {
  number(out, "answered", report.answered);
  number(out, "errors", report.errors());
  out.key("saturated").string(report.saturation()).key("lost").begin_object();
  for (std::size_t i = 0; i < load::kLosses; ++i)
    if (report.losses[i]) number(out, word(static_cast<load::Loss>(i)), report.losses[i]);
  out.end_object().key("statuses").begin_object();
  for (const auto &[status, count] : report.statuses) number(out, std::to_string(status), count);
  out.end_object();
  number(out, "lagp99us", report.lag.quantile(990'000) / 1000);
}

void do_load(Words words, Lines &lines) {
  load::Plan plan;
  const load::Target target = load::resolve(std::string(words.next()), kStart);
  plan.rate = std::max<std::int64_t>(words.number(200), 1);
  plan.time = std::max(words.time(), milliseconds(100));
  plan.headers = {"Accept: application/json"};
  plan.patience = kStart;
  if (words.more() && words.next() == "close") plan.headers.emplace_back("Connection: close");
  Histogram before; // this line
  const load::Report report = load::run(target, plan, [&](const load::Report &so_far) {
    json::Writer &out = lines.begin("loading", words);
    counts(out, so_far);
    number(out, "ms", static_cast<std::uint64_t>(so_far.elapsed / 1'000'000));
    number(out, "waiting", so_far.due - so_far.answered - so_far.lost());
    number(out, "slow", so_far.latency.count_above(kSlow));
    number(out, "recentmaxus", largest_since(before, so_far.latency) / 1000);
    before = so_far.latency;
    lines.end();
  });
  json::Writer &out = lines.begin("load", words);
  number(out, "planned", report.planned);
  counts(out, report);
  number(out, "told", static_cast<std::uint64_t>(report.told));
  latency(out, report.latency);
  lines.end();
}

void do_burn(Words words, Lines &lines) {
  const milliseconds busy{words.number(100)}, time = words.time(); // of each 100 ms
  const auto start = Clock::now();
  auto report = start;
  for (auto slice = start; slice < start + time; slice += milliseconds(100)) {
    std::this_thread::sleep_until(slice);
    while (Clock::now() < slice + busy) {
    }
    if (Clock::now() < report) continue;
    report += std::chrono::seconds(1);
    number(lines.begin("burn", words), "cpu", static_cast<std::uint64_t>(cpu_ns()));
    lines.end();
  }
}

void do_wait(Words words, Lines &lines) {
  std::this_thread::sleep_for(words.time());
  lines.begin("wait", words);
  lines.end();
}

} // namespace

void run_client(const ClientOptions &options, int out) {
  Lines lines(options.run, out);
  struct Step {
    std::string_view name;
    void (*run)(Words, Lines &);
  };
  constexpr Step kSteps[] = {{"wait", do_wait},       {"dns", do_dns},    {"get", do_get},
                             {"connect", do_connect}, {"load", do_load},  {"burn", do_burn},
                             {"self", do_self},       {"post", do_post},  {"log", do_log},
                             {"disk", do_disk},       {"clock", do_clock}};
  for (std::size_t i = 0; i < options.steps.size(); ++i) {
    Words words(options.steps[i], i);
    const std::string_view name = words.next();
    const auto *step = std::find_if(std::begin(kSteps), std::end(kSteps),
                                    [&](const Step &one) { return one.name == name; });
    if (step == std::end(kSteps)) words.refuse();
    step->run(words, lines);
  }
  lines.finish();
}

} // namespace hello::check
