#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "hello/error.h"
#include "server/log/access_log.h"
#include "support/eventually.h"

using namespace hello::server;
using hello::tests::eventually;

namespace {

constexpr std::chrono::seconds kLimit(60); ///< for the writer to finish

struct TempDir {
  std::filesystem::path path;
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "hello-log-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~TempDir() { std::filesystem::remove_all(path); }
  std::string file(const char *name) const { return (path / name).string(); }
};

std::string slurp(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string one_line(LogFormat format, const Access &access) {
  TempDir dir;
  LogSink sink(dir.file("log"));
  AccessLog log(format, &sink, 1);
  Clock clock;
  clock.at(std::chrono::steady_clock::now());
  log.write(clock, access);
  sink.start();
  log.flush();
  sink.stop(kLimit);
  return slurp(dir.file("log"));
}

/// The line with N for its number and for the start of the process.
std::string without_number(std::string line) {
  for (const std::string_view before : {"\"seq\":", " seq=", "\"start\":", " start="})
    if (const std::size_t at = line.find(before); at != std::string::npos) {
      const std::size_t from = at + before.size();
      line.replace(from, line.find_first_not_of("0123456789", from) - from, "N");
    }
  return line;
}

} // namespace

TEST_CASE("clock: dates are those of RFC 9110 and RFC 3339, and change with the second") {
  static std::chrono::nanoseconds offset;       // of a wall clock that the test sets
  offset = std::chrono::seconds(1'795'406'400); // 2026-11-23T04:00:00Z, a Monday
  Clock clock([] { return offset; });
  const auto at = [&](std::chrono::milliseconds steady) {
    return clock.at(std::chrono::steady_clock::time_point(steady));
  };
  const auto stamp = [&] { return std::string(clock.timestamp()); };
  using namespace std::chrono_literals;
  CHECK(at(10'007ms));
  CHECK(clock.http_date() == "Mon, 23 Nov 2026 04:00:10 GMT");
  CHECK(stamp() == "2026-11-23T04:00:10.007Z");
  offset += 24h * 9 + 1s; // somebody sets the clock
  CHECK_FALSE(at(10'999ms));
  CHECK(stamp() == "2026-11-23T04:00:10.999Z");
  CHECK(at(11'000ms));
  CHECK(clock.http_date() == "Wed, 02 Dec 2026 04:00:12 GMT");
  CHECK(stamp() == "2026-12-02T04:00:12.000Z");
}

TEST_CASE("clock: by default it is the wall clock") {
  Clock clock;
  const std::time_t before = std::time(nullptr);
  clock.at(std::chrono::steady_clock::now());
  const std::time_t after = std::time(nullptr);
  std::tm t{};
  REQUIRE(strptime(std::string(clock.http_date()).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &t));
  CHECK(timegm(&t) >= before - 1); // the two clocks are not read at the same moment
  CHECK(timegm(&t) <= after + 1);
}

TEST_CASE("access log: each request is one line of valid JSON, whatever the client sends") {
  Access access;
  access.method = "GET";
  access.path = "/a\"}\n{\"forged\":\"\xff";
  access.remote = "10.0.0.1";
  access.user_agent = "x\r\n\u2028\x1b[31m";
  access.request_id = "abc-1";
  access.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  access.status = 404;
  access.body_bytes = 17;
  access.duration_ns = 1'234'567;
  const std::string line = one_line(LogFormat::json, access);
  CHECK(std::count(line.begin(), line.end(), '\n') == 1);
  CHECK(line.substr(0, 9) == "{\"time\":\"");
  CHECK(without_number(line.substr(33)) ==
        "\",\"level\":\"info\",\"message\":\"request\",\"event\":\"request\",\"seq\":N,\"start\":N,"
        "\"method\":"
        "\"GET\",\"path\":\"/"
        "a\\\"}\\n{\\\"forged\\\":\\\"\uFFFD\","
        "\"status\":404,\"bytes\":17,\"duration_ms\":1.234,\"remote\":\"10.0.0.1\","
        "\"user_agent\":\"x\\r\\n\\u2028\\u001b[31m\",\"request_id\":\"abc-1\","
        "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"}\n");
}

TEST_CASE("access log: text values with blanks, quotes or other special characters are quoted") {
  const auto agent = [](std::string_view text) {
    Access access;
    access.user_agent = text;
    access.request_id = "r";
    const std::string line = one_line(LogFormat::text, access);
    const std::size_t at = line.find("user_agent=") + 11;
    return line.substr(at, line.rfind(" request_id") - at);
  };
  CHECK(agent("/a?b") == "/a?b");
  CHECK(agent("a b=c\n") == "\"a b=c\\n\"");
  CHECK(agent("a\\b") == "\"a\\\\b\"");
  CHECK(agent("caf\u00e9") == "\"caf\u00e9\"");
}

TEST_CASE("access log: a client cannot forge a text line") {
  Access access;
  access.method = "GET";
  access.path = "/ok";
  access.user_agent = "a b=\"c\"\n2026 info request";
  access.request_id = "r";
  access.status = 200;
  access.duration_ns = 42'000;
  CHECK(without_number(one_line(LogFormat::text, access)).substr(24) ==
        " info request event=request seq=N start=N method=GET path=/ok status=200 bytes=0 "
        "duration_ms=0.042 "
        "user_agent=\"a b=\\\"c\\\"\\n2026 info request\" request_id=r\n");
}

TEST_CASE("access log: durations keep three places, long texts are cut, a line fits a pipe's "
          "atomic write") {
  Access access;
  access.duration_ns = 123'456'789'000;
  const std::string big = std::string(5000, '\x01');
  access.path = access.user_agent = access.method = big; // the rest is our own, or checked
  const std::string line = one_line(LogFormat::json, access);
  CHECK(line.size() < 4096);
  CHECK(line.find("\"duration_ms\":123456.789,") != std::string::npos);
  CHECK(line.find("\\u0001…\"") != std::string::npos);
  access.duration_ns = 7'000;
  CHECK(one_line(LogFormat::json, access).find("\"duration_ms\":0.007,") != std::string::npos);
  access.duration_ns = 0;
  CHECK(one_line(LogFormat::json, access).find("\"duration_ms\":0.000,") != std::string::npos);
}

TEST_CASE("access log: a cut splits no character, and controls of writing direction are escaped") {
  const auto agent = [](std::string_view text, LogFormat format) {
    Access access;
    access.user_agent = text;
    access.request_id = "r";
    const std::string line = one_line(format, access);
    const std::size_t from = line.find("user_agent") + 10;
    return line.substr(from, line.find("request_id") - from);
  };
  const std::string a254(254, 'a');
  CHECK(agent(a254 + "\u20ac\u20ac", LogFormat::json) == "\":\"" + a254 + "…\",\"");
  CHECK(agent(a254 + "\u20ac\u20ac", LogFormat::text) == "=" + a254 + "… ");
  CHECK(agent(a254 + "\u00e9", LogFormat::json) == "\":\"" + a254 + "\u00e9\",\"");
  CHECK(agent("\u202e\u2066x\u200f\u061c\u05d0", LogFormat::json) ==
        "\":\"\\u202e\\u2066x\\u200f\\u061c\u05d0\",\"");
  CHECK(agent("\u202ex", LogFormat::text) == "=\"\\u202ex\" ");
}

TEST_CASE("access log: requests without an id get a unique one") {
  const std::string a = one_line(LogFormat::json, {});
  TempDir dir;
  LogSink sink(dir.file("log"));
  AccessLog log(LogFormat::json, &sink, 1);
  Clock clock;
  clock.at(std::chrono::steady_clock::now());
  for (int i = 0; i < 100; ++i) log.write(clock, {});
  sink.start();
  log.flush();
  sink.stop(kLimit);
  std::ifstream in(dir.file("log"));
  std::vector<std::string> ids;
  for (std::string line; std::getline(in, line);) {
    const std::size_t at = line.find("\"request_id\":\"");
    REQUIRE(at != std::string::npos);
    ids.push_back(line.substr(at + 14, 16));
    CHECK(ids.back().find_first_not_of("0123456789abcdef") == std::string::npos);
  }
  CHECK(ids.size() == 100);
  std::sort(ids.begin(), ids.end());
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

TEST_CASE("log buffer: lines stay complete and in order; beyond the limit nothing is handed over") {
  LogBuffer buffer;
  std::string out;
  CHECK_FALSE(buffer.try_hand_over());
  buffer.pending() += "one\n";
  CHECK(buffer.try_hand_over());
  buffer.pending() += "two\n";
  CHECK(buffer.try_hand_over());
  CHECK_FALSE(buffer.empty());
  buffer.take(out);
  CHECK(out == "one\ntwo\n");
  CHECK(buffer.empty());
  buffer.pending() = std::string(LogBuffer::kBytes, 'x');
  CHECK(buffer.try_hand_over());
  buffer.pending() = "late\n";
  CHECK_FALSE(buffer.try_hand_over());
  buffer.take(out);
  CHECK(out.size() == 8 + LogBuffer::kBytes);
  CHECK(buffer.try_hand_over());
  CHECK(buffer.pending().capacity() < LogBuffer::kBytes); // a burst's memory is given back
  LogBuffer::clear(out);
  CHECK(out.capacity() < LogBuffer::kBytes);
}

TEST_CASE("log file: it is bounded, has complete lines only, and loses none in the rotation") {
  TempDir dir;
  const std::string path = dir.file("access.log");
  std::ofstream(path) << "from before, half";
  LogSink sink(path, 4000);
  LogBuffer &buffer = sink.add_buffer();
  sink.start();
  std::size_t next = 0;
  std::string last_two;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 10; ++i)
      buffer.pending() += "line " + std::to_string(next++) + " " + std::string(40, '.') + "\n";
    CHECK(buffer.hand_over());
    sink.wake();
    REQUIRE(eventually([&] { return buffer.empty(); }));
  }
  sink.stop(kLimit);
  const std::string old = slurp(path + ".1"), now = slurp(path);
  CHECK(old.size() <= 2000);
  CHECK(now.size() <= 2000);
  CHECK(now.size() + old.size() > 2000);
  std::istringstream lines(old + now);
  std::size_t first = 0, count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const std::size_t number = std::stoul(line.substr(5));
    if (count == 0) first = number;
    CHECK(number == first + count);
    CHECK(line.size() == 5 + std::to_string(number).size() + 41);
  }
  CHECK(first + count == next);
  CHECK(sink.dropped() == 0);
  std::size_t files = 0;
  for (const auto &entry : std::filesystem::directory_iterator(dir.path)) files += entry.exists();
  CHECK(files == 2);
}

TEST_CASE("log file: a new start appends, and completes an unfinished line") {
  TempDir dir;
  const std::string path = dir.file("access.log");
  std::ofstream(path) << "whole\nhalf";
  LogSink sink(path);
  LogBuffer &buffer = sink.add_buffer();
  buffer.pending() = "new\n";
  sink.start();
  sink.stop(kLimit);
  CHECK(slurp(path) == "whole\nhalf\nnew\n");
}

TEST_CASE(
    "log file: what is not a regular file, or cannot be opened, is an error with the reason") {
  TempDir dir;
  const auto problem = [](const std::string &path) -> std::string {
    try {
      LogSink sink(path);
    } catch (const hello::Error &error) {
      CHECK(error.code() == hello::Exit::failure);
      return error.what();
    }
    return "no error";
  };
  const auto expected = [](const std::string &path, const char *reason) {
    return "cannot write the access log " + path + ": " + reason;
  };
  std::filesystem::create_symlink(dir.file("elsewhere"), dir.file("link"));
  REQUIRE(mkfifo(dir.file("fifo").c_str(), 0600) == 0);
  const std::pair<std::string, const char *> cases[] = {
      {dir.file("none/access.log"), "No such file or directory"},
      {dir.path.string(), "Is a directory"},
      {"/dev/null", "not a regular file"},
      {dir.file("fifo"), "not a regular file"}};
  for (const auto &[path, reason] : cases) CHECK(problem(path) == expected(path, reason));
  CHECK(
      problem(dir.file("link")).starts_with(expected(dir.file("link"), ""))); // ELOOP's text varies
  CHECK_FALSE(std::filesystem::exists(dir.file("elsewhere")));
}

TEST_CASE("log: a reader that stops reading blocks neither the loop nor the end; lines without "
          "room are dropped") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  // On a thread of its own, so that a writer that blocks fails the test and does not hang it.
  std::promise<int> result;
  std::future<int> dropped = result.get_future();
  std::thread([result = std::move(result), write_end = ends[1]]() mutable {
    LogSink sink(write_end);
    AccessLog log(LogFormat::text, &sink, 1);
    sink.start();
    Clock clock;
    clock.at(std::chrono::steady_clock::now());
    const std::string path = "/" + std::string(255, 'y');
    Access access;
    access.path = access.user_agent = path;
    for (int i = 0; i < 10'000; ++i) { // 6 MB: more than the pipe and all buffers hold
      log.write(clock, access);
      log.flush();
    }
    const auto count = static_cast<int>(sink.dropped());
    sink.stop(std::chrono::milliseconds(50));
    result.set_value(count);
  }).detach();
  const bool ended = dropped.wait_for(kLimit) == std::future_status::ready;
  CHECK(ended);
  if (ended) CHECK(dropped.get() > 1000);
  // What has reached the pipe are complete lines.
  std::string got(4096, '\0');
  const ssize_t n = read(ends[0], got.data(), got.size());
  REQUIRE(n > 0);
  got.resize(static_cast<std::size_t>(n));
  std::istringstream lines(got.substr(0, got.rfind('\n')));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CHECK(line.find(" info request event=request seq=") == 24);
    CHECK(line.find(" path=/yyy") != std::string::npos);
    CHECK(line.find(" request_id=") == line.size() - 28);
  }
  CHECK(count > 0);
  close(ends[0]); // ends the thread that was left behind; it may still use the other end
}

TEST_CASE("log line: a message of a text line is quoted if anything in it needs an escape") {
  const auto message = [](std::string_view text) {
    std::string out;
    Line line(out, LogFormat::text);
    line.begin("T", Level::info, text, Event::option);
    return out.substr(7, out.find(" event=") - 7);
  };
  CHECK(message("a b: c=d") == "a b: c=d");
  CHECK(message("a\nb") == "\"a\\nb\"");
  CHECK(message("say \"x\"") == "\"say \\\"x\\\"\"");
  CHECK(message("\xf7\x91\x8a") == "\"\ufffd\""); // as long as its replacement
}
