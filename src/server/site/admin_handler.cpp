#include "server/site/admin_handler.h"

#include <algorithm>
#include <array>

#include "hello/embedded.h"
#include "hello/json.h"
#include "hello/sha256.h"
#include "hello/version.h"
#include "server/http/browser.h"
#include "server/http/negotiate.h"
#include "server/http/syntax.h"
#include "server/log/clock.h"
#include "server/log/trace.h"
#include "server/site/page.h"
#include "server/site/problem.h"

namespace hello::server {
namespace {

constexpr std::chrono::seconds kPause{3};

/// The live page, in one file. Its policy allows the inline style and script by their hashes.
struct LivePage {
  std::string body = fill(embedded("assets/live.html"), {{"style", embedded("assets/live.css")},
                                                         {"script", embedded("assets/live.js")}});
  std::string policy =
      "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'; style-src 'sha256-" +
      base64(sha256(embedded("assets/live.css"))) + "'; script-src 'sha256-" +
      base64(sha256(embedded("assets/live.js"))) + "'";
};

std::string version_json() {
  const BuildInfo &build = build_info();
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("version").string(build.version);
  writer.key("commit").string(build.commit).end_object();
  return body + '\n';
}

class AdminHandler final : public Handler {
public:
  AdminHandler(const Status &status, RequestStats &stats, const MetricsSources &metrics)
      : status_(status), stats_(stats), metrics_(metrics) {}

  void handle(const Request &request, std::string &out, SharedBody &) noexcept override {
    const auto started = std::chrono::steady_clock::now();
    note_round(started);
    clock_.at(started);
    const Route route = route_of(request.path);
    Response response = respond(request, route);
    for (const Header &header : request.headers)
      if (syntax::iequals(header.name, "x-request-id"))
        response.request_id = request_id(header.value);
    append_response(out, response, clock_.http_date(), persistence(request),
                    request.method == "HEAD" ? Content::omitted : Content::sent);
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::steady_clock::now() - started);
    stats_.count(route, method_index(request.method), response.status,
                 static_cast<std::uint64_t>(ns.count()));
  }

  void refuse(const Refusal &refusal, Content content, const Request &,
              std::string &out) noexcept override {
    clock_.at(std::chrono::steady_clock::now());
    append_response(out, problem(refusal), clock_.http_date(), Persistence::close, content);
    stats_.refuse(refusal.reason);
    stats_.count(Route::none, kMethods.size() - 1, refusal.status, 0);
  }

  void flush() noexcept override { note_round(std::chrono::steady_clock::now()); }

private:
  /// There are rounds every second. If there was none, the whole process paused (SIGSTOP, a frozen
  /// control group), and the other loops are not late yet.
  void note_round(Status::Moment now) {
    if (now - last_round_ > kPause) resumed_ = now;
    last_round_ = now;
  }

  /// The live page is on "/" too. It counts as unmatched, so that the numbers of "/" are those of
  /// the public page.
  static Route route_of(std::string_view path) {
    const auto at =
        std::find(kRoutes.begin() + 1, kRoutes.begin() + static_cast<int>(Route::unmatched), path);
    return static_cast<Route>(at - kRoutes.begin());
  }

  /// Applies the preconditions of the request to the response of GET: RFC 9110 section 13.2.1.
  Response respond(const Request &request, Route route) const {
    std::string accept;
    bool if_match_fails = false, if_none_match_fails = false;
    for (const Header &header : request.headers) {
      if (syntax::iequals(header.name, "accept"))
        accept.append(accept.empty() ? "" : ", ").append(header.value);
      // No response here has an ETag, so only "*" matches: RFC 9110 sections 13.1.1 and 13.1.2.
      if (syntax::iequals(header.name, "if-match")) if_match_fails = header.value != "*";
      if (syntax::iequals(header.name, "if-none-match")) if_none_match_fails = header.value == "*";
    }
    const Asker asker{accept, request.path};
    if (is_rebound(request))
      return problem(403, "A browser must reach the admin port by an address or as localhost.",
                     asker);
    Response response = get(request, route, asker);
    if (response.status == 200 && if_match_fails)
      return problem(412, "The page is not the one that If-Match names.", asker);
    if (response.status == 200 && if_none_match_fails) {
      response.status = 304;
      response.content_type = {};
    }
    return response;
  }

  Response get(const Request &request, Route route, const Asker &asker) const {
    if (route == Route::unmatched && request.path != "/" && request.path != "*")
      return problem(404, "There is nothing at this address.", asker);
    if (request.method != "GET" && request.method != "HEAD")
      return read_only(request.method, asker);
    switch (route) {
    case Route::livez:
    case Route::healthz: return probe(status_.stuck(last_round_, resumed_));
    case Route::readyz: return probe(status_.unready(last_round_, resumed_));
    case Route::metrics: return metrics(asker.accept);
    case Route::version: return version();
    case Route::latency: return latency();
    default: return live_page();
    }
  }

  /// The kubelet reads only the status. The body names the failing check for people.
  static Response probe(const std::string &failing) {
    Response response;
    response.status = failing.empty() ? 200 : 503;
    response.content_type = "text/plain; charset=utf-8";
    response.body = failing.empty() ? "ok\n" : failing + "\n";
    return response;
  }

  Response metrics(std::string_view accept) const {
    const bool open_metrics = negotiate(accept, kMetricsOffers) == 1;
    const MetricsFormat format =
        open_metrics ? MetricsFormat::open_metrics : MetricsFormat::prometheus;
    Response response;
    response.content_type = kMetricsTypes[static_cast<std::size_t>(format)];
    response.vary = "Accept";
    response.body = render_metrics(metrics_, format);
    return response;
  }

  static Response version() {
    Response response;
    response.content_type = "application/json";
    response.body = version_json();
    return response;
  }

  /// What the live page makes percentiles of: the requests for the public page in each bucket that
  /// has any, as [from ns, to ns, count].
  Response latency() const {
    Response response;
    response.content_type = "application/json";
    json::Writer writer(response.body);
    writer.begin_object().key("route").string("/").key("unit").string("ns").key("buckets");
    writer.begin_array();
    for (std::size_t i = 0; i < LatencyHistogram::kSize; ++i) {
      std::uint64_t count = 0;
      for (const auto &loop : metrics_.loops) count += loop->latency.count(i);
      if (count == 0) continue;
      writer.begin_array();
      for (const std::uint64_t number :
           {LatencyHistogram::from_ns(i), LatencyHistogram::from_ns(i + 1), count})
        writer.number(static_cast<std::int64_t>(number));
      writer.end_array();
    }
    writer.end_array().end_object();
    response.body += '\n';
    return response;
  }

  Response live_page() const {
    Response response;
    response.content_type = "text/html; charset=utf-8";
    response.policy = live_.policy;
    response.body = live_.body;
    return response;
  }

  const Status &status_;
  RequestStats &stats_;
  const MetricsSources &metrics_;
  LivePage live_;
  Clock clock_;
  Status::Moment last_round_, resumed_;
};

} // namespace

std::unique_ptr<Handler> make_admin_handler(const Status &status, RequestStats &stats,
                                            const MetricsSources &metrics) {
  return std::make_unique<AdminHandler>(status, stats, metrics);
}

} // namespace hello::server
