#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include <unistd.h>

#include "hello/error.h"
#include "server/log/access_log.h"

using namespace hello::server;

namespace {

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
  CHECK(log.write(clock, access));
  sink.start();
  log.flush();
  sink.stop(std::chrono::seconds(5));
  std::string line = slurp(dir.file("log"));
  return line;
}

} // namespace

TEST_CASE("clock: the date is the one of RFC 9110, the timestamp the one of RFC 3339") {
  Clock clock;
  CHECK(clock.at(std::chrono::steady_clock::now()));
  const std::string_view date = clock.http_date();
  CHECK(date.size() == 29);
  CHECK(date.substr(25) == " GMT");
  CHECK(date.substr(3, 2) == ", ");
  std::string stamp;
  clock.append_timestamp(stamp);
  REQUIRE(stamp.size() == 24);
  CHECK(stamp[10] == 'T');
  CHECK(stamp[19] == '.');
  CHECK(stamp[23] == 'Z');
  CHECK(stamp.substr(11, 8) == date.substr(17, 8));
  const std::time_t now = std::time(nullptr);
  std::tm t{};
  gmtime_r(&now, &t);
  char today[16];
  std::strftime(today, sizeof today, "%Y-%m-%d", &t);
  CHECK(stamp.substr(0, 10) == today);
}

TEST_CASE("access log: one line of JSON a request, whatever the network sends") {
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
  CHECK(line.substr(33) ==
        "\",\"level\":\"info\",\"message\":\"request\",\"method\":\"GET\",\"path\":\"/"
        "a\\\"}\\n{\\\"forged\\\":\\\"\uFFFD\","
        "\"status\":404,\"bytes\":17,\"duration_ms\":1.234,\"remote\":\"10.0.0.1\","
        "\"user_agent\":\"x\\r\\n\\u2028\\u001b[31m\",\"request_id\":\"abc-1\","
        "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"}\n");
}

TEST_CASE("access log: a text value that is not one plain word is quoted") {
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

TEST_CASE("access log: text lines cannot be forged either") {
  Access access;
  access.method = "GET";
  access.path = "/ok";
  access.user_agent = "a b=\"c\"\n2026 info request";
  access.request_id = "r";
  access.status = 200;
  access.duration_ns = 42'000;
  CHECK(one_line(LogFormat::text, access).substr(24) ==
        " info request method=GET path=/ok status=200 bytes=0 duration_ms=0.042 "
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

TEST_CASE("access log: requests without an id get one, no two alike") {
  const std::string a = one_line(LogFormat::json, {});
  TempDir dir;
  LogSink sink(dir.file("log"));
  AccessLog log(LogFormat::json, &sink, 1);
  Clock clock;
  clock.at(std::chrono::steady_clock::now());
  for (int i = 0; i < 100; ++i) log.write(clock, {});
  sink.start();
  log.flush();
  sink.stop(std::chrono::seconds(5));
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

TEST_CASE(
    "log buffer: lines come out whole and in order; past its bound nothing more is handed over") {
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

TEST_CASE("log file: it is bounded, only whole lines are written, and none is lost between the two "
          "files") {
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
    while (!buffer.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  sink.stop(std::chrono::seconds(5));
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

TEST_CASE("log file: a start appends, and ends a line that was left half") {
  TempDir dir;
  const std::string path = dir.file("access.log");
  std::ofstream(path) << "whole\nhalf";
  LogSink sink(path);
  LogBuffer &buffer = sink.add_buffer();
  buffer.pending() = "new\n";
  sink.start();
  sink.stop(std::chrono::seconds(5));
  CHECK(slurp(path) == "whole\nhalf\nnew\n");
}

TEST_CASE("log file: what is no regular file, or cannot be made, is an error that says so") {
  TempDir dir;
  CHECK_THROWS_AS(LogSink(dir.file("none/access.log")), hello::Error);
  CHECK_THROWS_AS(LogSink(dir.path.string()), hello::Error);
  CHECK_THROWS_AS(LogSink("/dev/null"), hello::Error);
  std::filesystem::create_symlink(dir.file("elsewhere"), dir.file("link"));
  CHECK_THROWS_AS(LogSink(dir.file("link")), hello::Error);
}

TEST_CASE("log: a reader that stops reading stops nobody; what found no room is counted by who "
          "pushed it") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  {
    LogSink sink(ends[1]);
    LogBuffer &buffer = sink.add_buffer();
    sink.start();
    const std::string line = std::string(999, 'y') + "\n";
    const auto begun = std::chrono::steady_clock::now();
    std::size_t refused = 0;
    for (int i = 0; i < 4000; ++i) {
      buffer.pending() += line;
      if (buffer.try_hand_over()) sink.wake();
      if (buffer.pending().size() > LogBuffer::kBytes) { // as the access log does
        buffer.pending().resize(buffer.pending().size() - line.size());
        ++refused;
      }
    }
    const bool quick = std::chrono::steady_clock::now() - begun < std::chrono::seconds(2);
    // Whole lines came out, in pieces that a pipe takes at once.
    std::string got(65536, '\0');
    got.resize(
        static_cast<std::size_t>(std::max<ssize_t>(read(ends[0], got.data(), got.size()), 0)));
    const auto stopping = std::chrono::steady_clock::now();
    sink.stop(std::chrono::milliseconds(50));
    const bool left = std::chrono::steady_clock::now() - stopping < std::chrono::seconds(2);
    CHECK(refused > 500);
    CHECK(quick);
    CHECK(left);
    CHECK(got.size() % 1000 == 0);
    CHECK(got.size() > 0);
  }
  close(ends[0]); // ends the thread that was left behind; it may still use the other end
}
