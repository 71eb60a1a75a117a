#include "server/process/drill_handler.h"

#include <optional>
#include <utility>

#include <fmt/core.h>

#include "hello/error.h"
#include "hello/json.h"
#include "server/http/browser.h"
#include "server/http/syntax.h"
#include "server/log/clock.h"
#include "server/site/problem.h"

namespace hello::server {
namespace {

std::string_view header_of(const Request &request, std::string_view lower_name) {
  for (const Header &header : request.headers)
    if (syntax::iequals(header.name, lower_name)) return header.value;
  return {};
}

/// Takes as long for every text of that length.
bool is_same(std::string_view given, std::string_view key) {
  if (given.size() != key.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < key.size(); ++i)
    difference |= static_cast<unsigned char>(given[i] ^ key[i]);
  return difference == 0;
}

/// Calls `take` with each member of an object of texts; it returns false for an unknown one.
/// Returns what is wrong, or nothing.
template <typename Take> std::string read(std::string_view body, Take take) {
  try {
    json::Reader reader(body, "body", {.bytes = 4096, .depth = 2, .values = 16});
    if (!reader.enter(json::Kind::object)) return "the body is not a JSON object";
    for (std::string_view key; reader.next(key);)
      if (!take(key, reader)) return fmt::format("unknown member '{}'", key);
    reader.end();
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

class DrillHandler final : public Handler {
public:
  DrillHandler(DrillRunner &runner, std::string key) : runner_(runner), key_(std::move(key)) {}

  void handle(const Request &request, std::string &out, SharedBody &) noexcept override {
    clock_.at(std::chrono::steady_clock::now());
    append_response(out, respond(request), clock_.http_date(), persistence(request),
                    request.method == "HEAD" ? Content::omitted : Content::sent);
  }

  void refuse(const Refusal &refusal, Content content, const Request &,
              std::string &out) noexcept override {
    clock_.at(std::chrono::steady_clock::now());
    append_response(out, problem(refusal), clock_.http_date(), Persistence::close, content);
  }

private:
  Response respond(const Request &request) {
    const Asker asker{"text/plain", request.path};
    if (!names_loopback(request))
      return problem(403, "Host must be a loopback name or address.", asker);
    if (is_from_page(request)) return problem(403, "A page may not ask for drills.", asker);
    if (!is_same(header_of(request, "hello-drill-key"), key_))
      return problem(403, "Hello-Drill-Key is not the key of this service.", asker);
    const bool stops = request.path == "/drills/stop";
    if (!stops && request.path != "/drills")
      return problem(404, "There is nothing at this address.", asker);
    if (!stops && request.method == "GET") return list();
    if (request.method != "POST") {
      Response response = problem(405, "Only GET and POST are allowed.", asker);
      response.allow = stops ? "POST" : "GET, POST";
      return response;
    }
    if (header_of(request, "content-type") != "application/json" ||
        header_of(request, "hello-drill") != "1")
      return problem(403, "A change needs Content-Type: application/json and Hello-Drill: 1.",
                     asker);
    const std::string why = stops ? stop(request.body) : begin(request.body);
    return why.empty() ? list() : problem(400, why, asker);
  }

  std::string begin(std::string_view body) {
    std::string text, time, repeat;
    std::string why = read(body, [&](std::string_view key, json::Reader &reader) {
      if (key == "drill")
        text = reader.text();
      else if (key == "for")
        time = reader.text();
      else if (key == "repeat")
        repeat = reader.text();
      else
        return false;
      return true;
    });
    drills::Drill drill;
    if (why.empty()) why = drills::parse(text, drill);
    if (why.empty() && !time.empty()) why = drills::parse_time(time, drill);
    if (why.empty() && !repeat.empty()) why = drills::parse_repeat(repeat, drill);
    return why.empty() ? runner_.begin(drill) : why;
  }

  std::string stop(std::string_view body) {
    std::string name;
    std::string why = read(body, [&](std::string_view key, json::Reader &reader) {
      if (key == "fault") name = reader.text();
      return key == "fault";
    });
    const auto fault = drills::fault_of(name);
    if (why.empty() && !name.empty() && !fault) why = fmt::format("unknown fault '{}'", name);
    if (!why.empty()) return why;
    if (fault)
      runner_.end(*fault);
    else
      runner_.end_all();
    return "";
  }

  Response list() {
    Response response;
    response.content_type = "application/json";
    json::Writer writer(response.body);
    writer.begin_object().key("active").begin_array();
    for (const DrillRunner::Active &one : runner_.active()) {
      writer.begin_object().key("fault").string(drills::name_of(one.drill.fault));
      writer.key("drill").string(one.drill.text);
      writer.key("left_ms").number(one.left.count()).end_object();
    }
    writer.end_array().end_object();
    response.body += '\n';
    return response;
  }

  DrillRunner &runner_;
  const std::string key_;
  Clock clock_;
};

} // namespace

std::unique_ptr<Handler> make_drill_handler(DrillRunner &runner, std::string key) {
  return std::make_unique<DrillHandler>(runner, std::move(key));
}

} // namespace hello::server
