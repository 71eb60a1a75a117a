#include <doctest/doctest.h>

#include "hello/address.h"
#include "hello/error.h"
#include "server/http/forwarded.h"
#include "server/log/trace.h"

using namespace hello::server;
using namespace hello::sys;

namespace {
std::string client(std::string_view peer, std::string_view list,
                   TrustedHeader header = TrustedHeader::x_forwarded_for) {
  const TrustedProxies trusted({"10.0.0.0/8", "fd00::/8", "192.0.2.1"}, header);
  return ip_text(trusted.client(*parse_ip(peer), list));
}
std::string forwarded(std::string_view list) {
  return client("10.1.1.1", list, TrustedHeader::forwarded);
}
} // namespace

TEST_CASE("forwarded: the client is the last address that is not a trusted proxy") {
  CHECK(client("203.0.113.9", "1.2.3.4") == "203.0.113.9");
  CHECK(client("10.1.1.1", "1.2.3.4") == "1.2.3.4");
  CHECK(client("10.1.1.1", "6.6.6.6, 1.2.3.4") == "1.2.3.4");
  CHECK(client("10.1.1.1", "6.6.6.6, 1.2.3.4, 10.2.2.2 ,192.0.2.1") == "1.2.3.4");
  CHECK(client("10.1.1.1", "10.3.3.3, 10.2.2.2") == "10.3.3.3");
  CHECK(client("fd00::1", "2001:db8::7") == "2001:db8::7");
  CHECK(client("::ffff:10.0.0.5", "1.2.3.4:5678") == "1.2.3.4");
  CHECK(client("11.0.0.1", "1.2.3.4") == "11.0.0.1");
  CHECK(client("10.1.1.1", "[2001:db8::7]:443, 10.2.2.2:80") == "2001:db8::7");
  CHECK(client("10.1.1.1", "\"1.2.3.4\", \"10.2.2.2\"") == "1.2.3.4");
}

TEST_CASE("forwarded: empty members are skipped, wherever they stand") {
  CHECK(client("10.1.1.1", "1.2.3.4,") == "1.2.3.4");
  CHECK(client("10.1.1.1", ", 6.6.6.6,, 1.2.3.4, ,10.2.2.2 ,,") == "1.2.3.4");
  CHECK(client("10.1.1.1", " , ,") == "10.1.1.1");
  CHECK(forwarded("for=6.6.6.6,,for=1.2.3.4,, for=10.9.9.9 ,") == "1.2.3.4");
}

TEST_CASE("forwarded: at an invalid address, the last valid one is the client") {
  CHECK(client("10.1.1.1", "evil\",\"x\":\"y") == "10.1.1.1");
  CHECK(client("10.1.1.1", "1.2.3.4, unknown, 10.2.2.2") == "10.2.2.2");
  CHECK(client("10.1.1.1", "1.2.3.4:99999999") == "10.1.1.1");
  CHECK(client("10.1.1.1", "[2001:db8::1") == "10.1.1.1");
  CHECK(client("10.1.1.1", "[1.2.3.4]") == "10.1.1.1");
}

TEST_CASE("forwarded: RFC 7239 with quoted strings, brackets and ports") {
  CHECK(forwarded("for=192.0.2.60;proto=http;by=203.0.113.43") == "192.0.2.60");
  CHECK(forwarded("proto=http;For=\"[2001:db8:cafe::17]:4711\"") == "2001:db8:cafe::17");
  CHECK(forwarded("for=6.6.6.6, for=1.2.3.4, for=10.9.9.9") == "1.2.3.4");
  CHECK(forwarded("for=1.2.3.4;by=\"a,b;for=6.6.6.6\", for=\"10.9.9.9:80\"") == "1.2.3.4");
  CHECK(forwarded("for=1.2.3.4;host=\"a\\\"b, for=6.6.6.6\"") == "1.2.3.4");
  CHECK(forwarded("for=\"1.2.3\\.4\"") == "1.2.3.4");
  CHECK(forwarded("for=_hidden") == "10.1.1.1");
  CHECK(forwarded("proto=http") == "10.1.1.1");
}

TEST_CASE("forwarded: a client's unbalanced quote does not hide what a proxy appended") {
  CHECK(forwarded("for=\"6.6.6.6, for=\"1.2.3.4\"") == "1.2.3.4");
  CHECK(forwarded("for=\", for=1.2.3.4") == "1.2.3.4");
  CHECK(forwarded("for=6.6.6.6;by=\"\\\", for=1.2.3.4, for=10.9.9.9") == "1.2.3.4");
  CHECK(client("10.1.1.1", "\"6.6.6.6, 1.2.3.4") == "1.2.3.4");
}

TEST_CASE("forwarded: an invalid network is a usage error that names it") {
  for (const char *bad :
       {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "fd00::/129", "localhost", "10.0.0.0/8/8"}) {
    INFO(bad);
    CHECK_THROWS_AS(TrustedProxies({bad}), hello::Error);
  }
  CHECK(TrustedProxies({"0.0.0.0/0"}).contains(*parse_ip("8.8.8.8")));
  CHECK_FALSE(TrustedProxies({"0.0.0.0/0"}).contains(*parse_ip("2001:db8::1")));
  CHECK(TrustedProxies({"10.0.0.128/25"}).contains(*parse_ip("10.0.0.200")));
  CHECK_FALSE(TrustedProxies({"10.0.0.128/25"}).contains(*parse_ip("10.0.0.100")));
}

TEST_CASE("trace: only a valid traceparent has a trace id") {
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  CHECK(trace_id(good) == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(trace_id("cc" + good.substr(2) + "-what-comes-later") ==
        "4bf92f3577b34da6a3ce929d0e0e4736");
  for (const std::string &bad :
       {std::string(), good + "-x", "ff" + good.substr(2), "cc" + good.substr(2) + "x",
        good.substr(0, 54), std::string("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
        std::string("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"),
        std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"), " " + good,
        std::string("00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")}) {
    INFO(bad);
    CHECK(trace_id(bad).empty());
  }
  CHECK(request_id("3f1c-77.x:y") == "3f1c-77.x:y");
  CHECK(request_id("a b").empty());
  CHECK(request_id("a\"}").empty());
  CHECK(request_id(std::string(129, 'a')).empty());
}
