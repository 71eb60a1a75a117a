#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "check/client/steps.h"
#include "hello/error.h"
#include "hello/file.h"
#include "hello/http_client.h"
#include "hello/json.h"
#include "hello/sha256.h"
#include "hello/text.h"

namespace hello::check {
namespace {

/// The value of a line of /proc/self/status; empty if there is none.
std::string_view status_of(std::string_view status, std::string_view name) {
  for (const std::string_view line : text::lines(status))
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':'))
      return text::trimmed(line.substr(name.size() + 1));
  return {};
}

/// Why a file cannot be made there; empty if it can. It is removed.
std::string why_not(const char *path) {
  sys::Fd file(::open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
  if (!file) return std::strerror(errno);
  ::unlink(path);
  return "";
}

/// Writes all bytes and brings them to the disk: 0, or the errno.
int write_through(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(file) ? errno : 0;
}

} // namespace

void do_self(Words words, Lines &lines) { // NOLINT(performance-unnecessary-value-param): as all
  const std::string status = sys::read_file("/proc/self/status", 64 << 10, Exit::failure);
  json::Writer &out = lines.begin("self", words);
  for (const char *name : {"Seccomp", "CapEff", "NoNewPrivs", "Uid"}) {
    std::string_view values = status_of(status, name);
    out.key(name).string(text::take(values, '\t'));
  }
  out.key("root").string(why_not("/.hello-check")).key("tmp").string(why_not("/tmp/.hello-check"));
  out.key("token").boolean(::access("/var/run/secrets/kubernetes.io/serviceaccount/token", F_OK) ==
                           0);
  lines.end();
}

/// How far another clock is from ours, NTP style: of several answers the fastest one tells it best.
void do_clock(Words words, Lines &lines) {
  const sys::HttpUrl url = sys::parse_http_url(std::string(words.next()));
  const std::int64_t count = words.number(100);
  std::int64_t fastest = INT64_MAX, offset = 0;
  std::string why = "no answer";
  const auto wall = [] { return nanos(std::chrono::system_clock::now().time_since_epoch()); };
  for (std::int64_t i = 0; i < count; ++i) {
    sys::HttpClient client(url.host, url.port, url.authority);
    const std::int64_t before = wall();
    const sys::HttpReply reply =
        client.get(url.target, "application/json", {kPatience, Clock::now() + kPatience, 1 << 16});
    const std::int64_t after = wall();
    if (reply.status != 200) {
      why = reply.status ? fmt::format("status {}", reply.status) : reply.body;
      continue;
    }
    const std::int64_t time = json::parse(reply.body, "answer").at("time_ns").number();
    why.clear();
    if (after - before >= fastest) continue;
    fastest = after - before;
    offset = time - before - fastest / 2;
  }
  json::Writer &out = lines.begin("clock", words);
  out.key("why").string(fastest == INT64_MAX ? why : "").key("offus").number(offset / 1000);
  lines.end();
}

void do_log(Words words, Lines &lines) {
  const std::string_view marker = words.next();
  const std::int64_t count = words.number(1000);
  const milliseconds every = words.time();
  for (std::int64_t i = 0; i < count; ++i) {
    lines.begin("log", words).key("text").string(fmt::format("{}-{:03}", marker, i));
    lines.end();
    std::this_thread::sleep_for(every);
  }
}

void do_disk(Words words, Lines &lines) {
  const std::string directory(words.next()), path = directory + "/hello-check";
  const auto bytes = static_cast<std::size_t>(words.number(64)) << 20;
  const std::int64_t fsyncs = words.number(10'000);
  std::string data(bytes, '\0'), why;
  std::uint64_t state = 88172645463325252; // xorshift64: nothing that a disk could compress
  for (std::size_t i = 0; i + 8 <= bytes; i += 8) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    std::memcpy(&data[i], &state, sizeof state);
  }
  const auto open = [&](const char *suffix) {
    return sys::Fd(::open((path + suffix).c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
  };
  Histogram times;
  int error = 0;
  if (bytes) {
    const sys::Fd file = open("");
    error = file ? write_through(file.get(), data) : errno;
  }
  const std::string wrote = hex(sha256(data));
  data.resize(std::min<std::size_t>(bytes, 4096));
  data.shrink_to_fit(); // the pod may have little memory
  if (fsyncs && !error) {
    const sys::Fd file = open(".sync");
    error = file ? 0 : errno;
    for (std::int64_t i = 0; i < fsyncs && !error; ++i) {
      const auto start = Clock::now();
      error = write_through(file.get(), data);
      times.add(static_cast<std::uint64_t>(nanos(Clock::now() - start)));
    }
  }
  if (error) why = std::strerror(error);
  try {
    data = sys::read_file(path, 64 << 20);
  } catch (const Error &failure) {
    if (why.empty()) why = failure.what();
    data.clear();
  }
  json::Writer &out = lines.begin("disk", words);
  out.key("why").string(why).key("wrote").string(wrote).key("hash").string(hex(sha256(data)));
  latency(out, times);
  lines.end();
}

} // namespace hello::check
