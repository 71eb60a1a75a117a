#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "hello/load.h"
#include "load/ledger.h"
#include "load/response.h"

using namespace hello;
using namespace hello::load;
using namespace std::chrono_literals;

namespace {

constexpr Nanos kMs = 1'000'000, kSecond = 1'000'000'000;

/// Where a simulated generator lets the clock of a request's latency begin.
enum class Counts { from_due, from_write };

/// A server that serves one request every `service` and stands still in [stop, stop + stall), and a
/// generator with so many connections, in virtual time.
struct Simulation {
  std::int64_t rate;
  std::chrono::seconds time;
  Nanos service, stop, stall;
  std::size_t connections;
  Counts counts = Counts::from_due;
  Nanos asleep = INT64_MAX / 2, sleep = 0; ///< when the generator itself stands still

  Report run() const {
    Ledger ledger(rate, time);
    std::deque<std::pair<Nanos, Nanos>> busy; // due, answered at; in order
    std::deque<Slot> free(connections), used;
    Nanos now = 0, server_free = 0;
    for (;;) {
      while (!free.empty() && ledger.waiting(now)) {
        const Nanos due = *ledger.take(now, free.front());
        used.push_back(free.front());
        free.pop_front();
        Nanos start = std::max(now, server_free);
        if (start >= stop && start < stop + stall) start = stop + stall;
        server_free = start + service;
        busy.emplace_back(counts == Counts::from_due ? due : now, server_free);
      }
      const auto due = free.empty() ? std::nullopt : ledger.next_due();
      if (busy.empty() && !due) break;
      now = std::max(
          now, std::min(busy.empty() ? INT64_MAX : busy.front().second, due.value_or(INT64_MAX)));
      if (now >= asleep && now < asleep + sleep) now = asleep + sleep;
      while (!busy.empty() && busy.front().second <= now) {
        ledger.answered(busy.front().first, now, 200, "");
        used.front().freed(now);
        free.push_back(used.front());
        used.pop_front();
        busy.pop_front();
      }
    }
    ledger.finish(now);
    return std::move(ledger.report());
  }
};

/// Within one bucket of the histogram and the time between two requests.
bool near(std::uint64_t value, double expected, std::int64_t rate) {
  const double error = expected / 64 + 1e9 / static_cast<double>(rate) + 1;
  return std::abs(static_cast<double>(value) - expected) <= error;
}

} // namespace

TEST_CASE("load: a stall is charged to every request that was due in it") {
  for (const std::int64_t rate : {100, 1000, 5000})
    for (const Nanos stall : {kSecond / 10, kSecond, 3 * kSecond})
      for (const Nanos service : {10'000L, 100'000L}) {
        CAPTURE(rate);
        CAPTURE(stall);
        CAPTURE(service);
        const Simulation simulation{rate, 20s, service, 2 * kSecond, stall, 100'000};
        const Report report = simulation.run();
        const double l0 = static_cast<double>(service), s = static_cast<double>(stall), t = 20e9;
        const double rho = static_cast<double>(rate) * l0 / 1e9;
        CHECK(report.answered == static_cast<std::uint64_t>(rate) * 20);
        for (const std::uint32_t q : {500'000U, 900'000U, 950'000U, 990'000U, 999'000U}) {
          CAPTURE(q);
          const double expected = std::max(l0, s + l0 - (1 - q / 1e6) * (1 - rho) * t);
          CHECK(near(report.latency.quantile(q), expected, rate));
        }
        CHECK(near(report.latency.max(), s + l0, rate));
        const double mean = l0 + s * s / (2 * (1 - rho) * t);
        CHECK(near(report.latency.mean(), mean, rate));
      }
}

TEST_CASE("load: a clock that starts at the write hides the stall") {
  // with few connections, those that were due in the stall wait for one unseen
  Simulation simulation{1000, 10s, 10'000, 2 * kSecond, kSecond, 5};
  CHECK(near(simulation.run().latency.quantile(990'000), 0.9e9, 1000));
  simulation.counts = Counts::from_write;
  CHECK(simulation.run().latency.quantile(990'000) < 50 * kMs);
}

TEST_CASE("load: the ledger gives requests in order, and none before its time") {
  Ledger ledger(3, 2s);
  Slot slot;
  CHECK(ledger.report().planned == 6);
  CHECK(ledger.next_due() == 0);
  CHECK(ledger.take(0, slot) == 0);
  CHECK_FALSE(ledger.take(333'333'332, slot));
  CHECK(ledger.take(333'333'333, slot) == 333'333'333);
  CHECK(ledger.backlog(kSecond) == 2);
  CHECK(ledger.take(kSecond, slot) == 666'666'666);
  ledger.stop(kSecond + 1); // the one that is due at 1 s stays, those after it go
  CHECK(ledger.take(2 * kSecond, slot) == kSecond);
  CHECK_FALSE(ledger.next_due());
}

TEST_CASE("load: what has no answer at the end is unfinished, with its age") {
  Ledger ledger(10, 1s);
  Slot slot;
  const Nanos due = *ledger.take(0, slot);
  ledger.unfinished(due, 3 * kSecond);
  ledger.finish(3 * kSecond);
  const Report &report = ledger.report();
  CHECK(report.due == 10);
  CHECK(report.lost() == 10);
  CHECK(report.losses[static_cast<std::size_t>(Loss::unfinished)] == 10);
  CHECK(report.errors() == 10);
  CHECK(report.latency.max() == 3 * kSecond);
  CHECK(near(report.latency.quantile(1), 2.1e9, 1000));
}

TEST_CASE("load: a server that asks for less gets no further request") {
  Ledger ledger(10, 1s);
  Slot slot;
  CHECK(ledger.take(0, slot));
  ledger.answered(0, 500 * kMs, 429, "");
  ledger.cut();
  CHECK_FALSE(ledger.waiting(kSecond));
  ledger.finish(kSecond);
  CHECK(ledger.report().due == 1);
  CHECK(ledger.report().errors() == 1);
}

TEST_CASE("load: a generator that is late says so") {
  struct Row {
    int late;      ///< of 1,000 requests
    Nanos lag;     ///< of those
    Nanos latency; ///< of all
    bool saturated;
  };
  for (const Row &row :
       {Row{11, 6 * kMs, kMs, true}, Row{10, 6 * kMs, kMs, false}, Row{11, 4 * kMs, kMs, false},
        Row{11, 20 * kMs, 500 * kMs, false}, Row{11, 60 * kMs, 500 * kMs, true}}) {
    CAPTURE(row.late);
    CAPTURE(row.lag);
    Ledger ledger(1000, 1s);
    for (int i = 0; i < 1000; ++i) {
      const Nanos due = *ledger.next_due();
      Slot slot;
      ledger.take(due + (i < row.late ? row.lag : 0), slot);
      ledger.answered(due, due + row.latency, 200, "");
    }
    CHECK(ledger.report().saturation().empty() == !row.saturated);
  }
  Report report;
  report.cpu_percent = 91;
  CHECK(report.saturation().find("CPU") != std::string::npos);
  report.cpu_percent = 90;
  CHECK(report.saturation().empty());
}

TEST_CASE("load: a wait for a free connection is the server's doing, not lag") {
  Ledger ledger(1000, 1s);
  Slot late{500 * kMs}, idle;
  ledger.take(500 * kMs, late);
  CHECK(ledger.report().lag.max() == 0);
  ledger.take(500 * kMs, idle);
  CHECK(ledger.report().lag.max() == static_cast<std::uint64_t>(499 * kMs));
}

TEST_CASE("load: what waits behind a late request is late with it, on few connections too") {
  for (const std::size_t connections : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
    CAPTURE(connections);
    Simulation simulation{200, 10s, 100'000, kSecond, 0, connections};
    CHECK(simulation.run().saturation().empty());
    simulation.asleep = 2 * kSecond;
    simulation.sleep = kSecond;
    const Report report = simulation.run();
    CHECK(report.lag.count_above(900 * kMs) >= 15);
    CHECK_FALSE(report.saturation().empty());
    // the server stands still: that is no lag
    const Simulation stalled{200, 10s, 100'000, 2 * kSecond, kSecond, connections};
    CHECK(stalled.run().saturation().empty());
  }
}

TEST_CASE("histogram: a value is found to a sixty-fourth") {
  std::mt19937_64 random(1);
  Histogram all;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t value = random() >> (20 + random() % 44);
    values.push_back(value);
    all.add(value);
  }
  std::sort(values.begin(), values.end());
  for (const std::uint32_t q : {1U, 100'000U, 500'000U, 900'000U, 999'000U, 1'000'000U}) {
    const std::size_t rank = std::max<std::size_t>((values.size() * q + 999'999) / 1'000'000, 1);
    const std::uint64_t exact = values[rank - 1], found = all.quantile(q);
    CAPTURE(q);
    CAPTURE(exact);
    CAPTURE(found);
    CHECK(found >= exact);
    CHECK(found <= exact + exact / 64);
  }
  CHECK(all.max() == values.back());
  std::uint64_t count = 0, last = 0;
  for (const auto &bucket : all.buckets()) {
    CHECK((count == 0 || bucket.from > last));
    CHECK(bucket.to - bucket.from <= bucket.from / 64);
    last = bucket.to;
    count += bucket.count;
  }
  CHECK(count == values.size());
  CHECK(Histogram().quantile(500'000) == 0);
}

TEST_CASE("load: responses in pieces") {
  using State = Response::State;
  struct Row {
    std::string_view bytes;
    State state;
    int status = 200;
    bool keeps_alive = true;
  };
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", State::done},
      {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", State::done},
      {"HTTP/1.1 204 No Content\r\n\r\n", State::done, 204},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n", State::done, 304},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n"
       "0\r\nT: 1\r\n\r\n",
       State::done},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx",
       State::done, 404},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: Close\r\n\r\nx", State::done, 200,
       false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", State::done, 200, false},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", State::done},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", State::more},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nok", State::malformed},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", State::malformed},
      {"HTTP/1.1 20 OK\r\n\r\n", State::malformed},
      {"HTTP/2 200 OK\r\n\r\n", State::malformed},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", State::malformed},
      {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", State::malformed},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", State::malformed},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", State::malformed},
  };
  for (const Row &row : rows)
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, row.bytes.size()}) {
      CAPTURE(row.bytes);
      CAPTURE(piece);
      Response response;
      auto state = State::more;
      for (std::size_t at = 0; at < row.bytes.size() && state != State::malformed; at += piece)
        state = response.take(row.bytes.substr(at, piece));
      CHECK(state == row.state);
      if (row.state != State::done) continue;
      CHECK(response.status() == row.status);
      CHECK(response.keeps_alive() == row.keeps_alive);
    }
}

TEST_CASE("load: a body without a length ends with the connection") {
  Response response;
  CHECK(response.take("HTTP/1.1 200 OK\r\n\r\nabc") == Response::State::more);
  CHECK(response.end() == Response::State::done);
  CHECK_FALSE(response.keeps_alive());
  Response cut;
  cut.take("HTTP/1.1 200 OK\r\nContent-Le");
  CHECK(cut.end() == Response::State::more);
}

TEST_CASE("load: the pod that answered") {
  Response response;
  response.take("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 37\r\n\r\n"
                "{\"messages\":[\"Hi\"],\"pod\":\"hello-7f-x\"}");
  CHECK(response.pod() == "hello-7f-x");
  Response text;
  text.take(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n\"pod\":\"x\"");
  CHECK(text.pod().empty());
}

TEST_CASE("load: a head without an end is malformed") {
  Response response;
  response.take("HTTP/1.1 200 OK\r\nX: ");
  auto state = Response::State::more;
  for (int i = 0; i < 70 && state == Response::State::more; ++i)
    state = response.take(std::string(1000, 'x'));
  CHECK(state == Response::State::malformed);
}

TEST_CASE("load: loopback is recognized by the addresses, not by the name") {
  CHECK(resolve("http://127.0.0.1:1/").is_loopback());
  CHECK(resolve("http://[::1]/x").is_loopback());
  CHECK_FALSE(resolve("http://192.0.2.1/").is_loopback());
  CHECK(resolve("http://127.1.2.3:80").url.target == "/");
}
