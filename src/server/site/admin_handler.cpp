#include "server/site/admin_handler.h"

#include <algorithm>
#include <array>

#include "hello/embedded.h"
#include "hello/sha256.h"
#include "hello/version.h"
#include "server/http/escape.h"
#include "server/http/http.h"
#include "server/http/negotiate.h"
#include "server/http/problem.h"
#include "server/http/syntax.h"
#include "server/log/clock.h"
#include "server/site/metrics.h"
#include "server/site/page.h"

namespace hello::server {
namespace {

/// The live page: one file, its style and script named by their hashes.
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
  std::string json = "{\"version\":\"";
  append_json(json, build.version);
  json += "\",\"commit\":\"";
  append_json(json, build.commit);
  return json + "\"}\n";
}

class AdminHandler final : public Handler {
public:
  AdminHandler(const Status &status, RequestStats &stats, std::function<std::string(bool)> metrics)
      : status_(status), stats_(stats), metrics_(std::move(metrics)),
        http_([this](const Request &request) { return answer(request); }) {}

  void handle(const Request &request, std::string &out) noexcept override {
    const auto begun = std::chrono::steady_clock::now();
    clock_.at(begun);
    // The live page shares "/" with the public page, whose numbers it must not disturb: it counts
    // as unmatched.
    const auto at = std::find(kRoutes.begin() + 1,
                              kRoutes.begin() + static_cast<int>(Route::unmatched), request.path);
    route_ = static_cast<Route>(at - kRoutes.begin());
    http_.respond(request, out);
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::steady_clock::now() - begun);
    stats_.count(route_, method_index(request.method), code_,
                 static_cast<std::uint64_t>(ns.count()));
  }

  void refuse(int status, std::string_view reason, bool head, const sockaddr *,
              std::string &out) noexcept override {
    clock_.at(std::chrono::steady_clock::now());
    append_refusal(out, status, reason, head, clock_.http_date());
    stats_.refuse(reason);
    stats_.count(Route::none, kMethods.size() - 1, status, 0);
  }

private:
  Reply answer(const Request &request) {
    std::string accept;
    bool other = false,
         any = false; // no answer here has an ETag, so "*" alone matches: RFC 9110 13.1.1, 13.1.2
    for (const Header &header : request.headers) {
      if (syntax::same(header.name, "accept"))
        accept.append(accept.empty() ? "" : ", ").append(header.value);
      if (syntax::same(header.name, "if-match")) other = header.value != "*";
      if (syntax::same(header.name, "if-none-match")) any = header.value == "*";
    }
    Reply reply = route(request, accept);
    if (reply.status == 200 && other) { // judged where all else is well: RFC 9110 13.2.1
      reply = problem(412, "The page is not the one that If-Match names.", accept);
    } else if (reply.status == 200 && any) {
      reply.status = 304;
      reply.content_type.clear();
    }
    reply.headers.emplace_back("Date", clock_.http_date());
    code_ = reply.status;
    return reply;
  }

  Reply route(const Request &request, const std::string &accept) {
    if (route_ == Route::unmatched && request.path != "/" && request.path != "*")
      return problem(404, "There is nothing at this address.", accept);
    if (request.method != "GET" && request.method != "HEAD")
      return read_only(request.method, accept);
    Reply reply;
    if (request.path == "/livez" || request.path == "/healthz") return probe(status_.stuck());
    if (request.path == "/readyz") return probe(status_.unready());
    reply.headers.emplace_back("Cache-Control", "no-store");
    if (request.path == "/metrics") {
      const bool open_metrics = negotiate(accept, kMetricsOffers) == 1;
      reply.content_type = kMetricsTypes[open_metrics ? 1 : 0];
      reply.headers.emplace_back("Vary", "Accept");
      reply.body = metrics_(open_metrics);
    } else if (request.path == "/version") {
      reply.content_type = "application/json";
      reply.body = version_json();
    } else {
      reply.content_type = "text/html; charset=utf-8";
      reply.body = live_.body;
      add_safety(reply, live_.policy);
      return reply;
    }
    add_safety(reply, kNoPagePolicy);
    return reply;
  }

  /// What a kubelet reads: the status, and for people the check that failed.
  static Reply probe(const std::string &failing) {
    Reply reply;
    reply.status = failing.empty() ? 200 : 503;
    reply.content_type = "text/plain; charset=utf-8";
    reply.body = failing.empty() ? "ok\n" : failing + "\n";
    reply.headers.emplace_back("Cache-Control", "no-store");
    add_safety(reply, kNoPagePolicy);
    return reply;
  }

  const Status &status_;
  RequestStats &stats_;
  std::function<std::string(bool)> metrics_;
  LivePage live_;
  Http http_;
  Clock clock_;

  // Of the request under way.
  Route route_ = Route::unmatched;
  int code_ = 0;
};

} // namespace

std::unique_ptr<Handler> make_admin_handler(const Status &status, RequestStats &stats,
                                            std::function<std::string(bool)> metrics) {
  return std::make_unique<AdminHandler>(status, stats, std::move(metrics));
}

} // namespace hello::server
