#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include <unistd.h>

#include "check/client/dns.h"
#include "hello/check_client.h"
#include "hello/error.h"
#include "hello/fd.h"
#include "hello/json.h"
#include "hello/text.h"

using namespace hello;
using check::Lookup;

namespace {

/// The lines that a client writes.
std::vector<json::Value> lines_of(const std::vector<std::string> &steps) {
  sys::Pipe pipe = sys::make_pipe(0);
  check::run_client({"r1", steps}, pipe.write.get());
  pipe.write.reset();
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = ::read(pipe.read.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  std::vector<json::Value> lines;
  for (const std::string_view line : text::lines(text)) lines.push_back(json::parse(line, "line"));
  return lines;
}

/// A response with one answer, whose name is a pointer to the question's.
std::string response(std::uint16_t id, char code, char type, std::string_view data) {
  std::string out = check::dns_query(id, "a.example", static_cast<std::uint16_t>(type));
  out[2] = '\x81';
  out[3] = static_cast<char>('\x80' | code);
  if (data.empty()) return out;
  out[7] = 1;
  out += std::string("\xc0\x0c\0", 3) + type + std::string("\0\1\0\0\0\5\0", 7) +
         static_cast<char>(data.size()) + std::string(data);
  return out;
}

Lookup read(const std::string &bytes, std::uint16_t type = 1) {
  Lookup lookup;
  REQUIRE(check::read_dns_response(bytes, 7, type, lookup));
  return lookup;
}

} // namespace

TEST_CASE("check: the client numbers its lines and ends with their number") {
  const auto lines = lines_of({"wait 1", "connect 127.0.0.1 1 1 1 1000", "self"});
  REQUIRE(lines.size() == 4);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(lines[i].at("seq").number() == static_cast<std::int64_t>(i + 1));
    CHECK(lines[i].text("run") == "r1");
    CHECK(lines[i].at("v").number() == check::kProtocol);
  }
  CHECK(lines[1].at("i").number() == 1);
  CHECK_FALSE(lines[1].at("open").boolean(true));
  CHECK(lines[1].text("why") == "Connection refused");
  CHECK(lines[2].text("CapEff").size() == 16);
  CHECK(lines[3].at("end").boolean());
  CHECK(lines[3].at("lines").number() == 4);
}

TEST_CASE("check: the client refuses a step that it does not know") {
  for (const char *step : {"dance", "wait", "wait x", "wait 1e3", "connect host 80 1 1 1"})
    CHECK_THROWS_AS(lines_of({step}), Error);
}

TEST_CASE("check: a DNS response is an address, no data, no name or a failure") {
  CHECK(read(response(7, 0, 1, "\x0a\x01\x02\x03")).address == "10.1.2.3");
  CHECK(read(response(7, 0, 1, "\x0a\x01\x02\x03")).state == Lookup::State::found);
  CHECK(read(response(7, 0, 28, ""), 28).state == Lookup::State::no_data);
  CHECK(read(response(7, 3, 1, "")).state == Lookup::State::no_name);
  CHECK(read(response(7, 2, 1, "")).state == Lookup::State::failed);
  CHECK(read(response(7, 0, 5, "abc")).state == Lookup::State::no_data); // an alias alone
}

TEST_CASE("check: a DNS response that was cut off or belongs to another query is no answer") {
  Lookup lookup;
  const std::string whole = response(7, 0, 1, "\x0a\x01\x02\x03");
  CHECK_FALSE(check::read_dns_response(whole, 8, 1, lookup));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    lookup = {};
    check::read_dns_response(std::string_view(whole).substr(0, length), 7, 1, lookup);
    CHECK(lookup.state != Lookup::State::found);
  }
}

TEST_CASE("check: resolv.conf gives the first server and the search domains") {
  const auto resolver = check::resolver_of("# c\nsearch a.svc.cluster.local svc.cluster.local\n"
                                           "nameserver 10.96.0.10\nnameserver 1.1.1.1\n");
  CHECK(resolver.server == "10.96.0.10");
  CHECK(resolver.search == std::vector<std::string>{"a.svc.cluster.local", "svc.cluster.local"});
}

TEST_CASE("check: the client writes to a volume and reads it back") {
  char directory[] = "/tmp/hello-disk-XXXXXX";
  REQUIRE(::mkdtemp(directory));
  const std::string at = directory;
  const auto first = lines_of({"disk " + at + " 1 3"}), again = lines_of({"disk " + at + " 0 0"}),
             none = lines_of({"disk " + at + "/none 1 3"});
  CHECK(first[0].text("why").empty());
  CHECK(first[0].text("hash").size() == 64);
  CHECK(first[0].text("hash") == first[0].text("wrote"));
  CHECK(again[0].text("hash") == first[0].text("hash"));
  CHECK(none[0].text("why") == "No such file or directory");
  for (const char *name : {"/hello-check", "/hello-check.sync"}) ::unlink((at + name).c_str());
  CHECK(::rmdir(directory) == 0);
}

TEST_CASE("check: the client says why a clock cannot be read") {
  CHECK_FALSE(lines_of({"clock http://127.0.0.1:1/echo 2"})[0].text("why").empty());
}

TEST_CASE("check: the client writes the lines that a log store is asked for") {
  const auto lines = lines_of({"log mark 3 0"});
  REQUIRE(lines.size() == 4);
  CHECK(lines[2].text("text") == "mark-002");
}
