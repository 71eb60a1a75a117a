#include "server/public/public_handler.h"

#include <array>
#include <string>

#include "server/http/negotiate.h"
#include "server/http/syntax.h"
#include "server/log/trace.h"
#include "server/public/disturbance.h"
#include "server/public/prepared.h"
#include "server/site/problem.h"

namespace hello::server {
namespace {

/// The request fields that a response or its log line depends on.
struct Fields {
  std::string_view accept, if_match, if_none_match, user_agent, traceparent;
  std::string_view forwarded;  ///< the header of the trusted proxies
  std::string_view request_id; ///< the client's own if it is valid, else one for the log, if any
};

/// Where a response goes: all of it to `out`, or a long body to `shared`.
struct Destination {
  std::string &out;
  SharedBody &shared;
};

/// What a response was, for the counters and the log.
struct Outcome {
  int status = 200;
  std::size_t body_bytes = 0;
};

class PublicHandler final : public Handler {
public:
  PublicHandler(const PublicSite &site, RequestStats &stats, AccessLog log)
      : messages_(site.messages), trusted_(site.trusted), base_path_(site.base_path),
        echo_(site.echo), disturber_(site.faults), hangs_(site.hangs), stats_(stats), log_(log) {
    if (echo_) echo_path_ = base_path_ + "echo";
    clock_.at(std::chrono::steady_clock::now());
    prepare();
  }

  void handle(const Request &request, std::string &out, SharedBody &shared) noexcept override {
    const bool is_disturbed = disturber_.is_on();
    if (is_disturbed) [[unlikely]]
      disturb();
    const Fields fields = fields_of(request);
    if (clock_.at(std::chrono::steady_clock::now())) set_date();
    if (messages_.version() != version_) prepare();
    const bool get = request.method == "GET", head = request.method == "HEAD";
    const Content content = head ? Content::omitted : Content::sent;
    const Route route = route_of(request.path);
    Outcome outcome;
    if (route != Route::root || !(get || head) || disturbance_.status != 0 ||
        !append_page(request, fields, content, outcome, {out, shared})) {
      Response response = response_of(request, fields, route);
      response.request_id = fields.request_id;
      append_response(out, response, clock_.http_date(), persistence(request), content);
      outcome = {response.status, head || effect.reset ? 0 : response.body.size()};
    }
    record(request, fields, route, get ? 0 : method_index(request.method), outcome);
    if (is_disturbed) [[unlikely]]
      disturbance_ = {};
  }

  void refuse(const Refusal &refusal, Content content, const Request &known,
              std::string &out) noexcept override {
    if (clock_.at(std::chrono::steady_clock::now())) set_date();
    const Fields fields = fields_of(known);
    Response response = problem(refusal);
    response.request_id = fields.request_id;
    append_response(out, response, clock_.http_date(), Persistence::close, content);
    stats_.refuse(refusal.reason);
    stats_.count(Route::none, kMethods.size() - 1, refusal.status, 0);
    if (!log_.on()) return;
    const std::size_t body_bytes = content == Content::omitted ? 0 : response.body.size();
    Access access = access_of(known, fields, {refusal.status, body_bytes});
    access.reason = refusal.reason;
    log_.write(clock_, access);
  }

  void flush() noexcept override {
    log_.flush();
    if (messages_.version() != version_) prepare(); // and let go of the page before
    if (hangs_ && disturber_.is_on()) [[unlikely]]
      disturber_.hang();
  }

private:
  /// What the active drills do to the next request.
  [[gnu::noinline]] void disturb() {
    disturbance_ = disturber_.next();
    effect = disturbance_.effect;
  }

  /// All but the page.
  Response response_of(const Request &request, const Fields &fields, Route route) {
    if (disturbance_.status != 0)
      return problem(disturbance_.status, "A drill makes this request fail.",
                     {fields.accept, request.path, base_path_});
    if (route == Route::echo) return echo(request, *echo_, fields.forwarded, fields.request_id);
    return respond(request, fields);
  }

  void prepare() {
    version_ =
        messages_.version(); // before page(): a change in between is seen at the next request
    page_ = messages_.page();
    for (std::size_t kind = 0; kind < kOffers.size(); ++kind) {
      const Representation &representation = page_->kinds[kind];
      Response response;
      response.content_type = representation.type;
      response.etag = representation.etag;
      response.cache_control = "no-cache";
      response.vary = "Accept";
      if (log_.on()) response.request_id = kAnyId;
      if (kind == static_cast<std::size_t>(Kind::html)) response.policy = page_policy();
      pages_[kind].set(response, representation.body, clock_.http_date());
      response.status = 304;
      response.content_type = {};
      unchanged_[kind].set(response, {}, clock_.http_date());
    }
  }

  void set_date() {
    for (Prepared &page : pages_) page.set_date(clock_.http_date());
    for (Prepared &unchanged : unchanged_) unchanged.set_date(clock_.http_date());
  }

  Fields scan(const Request &request) {
    Fields fields;
    for (const Header &header : request.headers) {
      const auto is = [&](std::string_view name) { return syntax::iequals(header.name, name); };
      // The length rules most fields out, without a comparison.
      switch (header.name.size()) {
      case 6:
        if (is("accept")) join(fields.accept, header.value, joined_[0]);
        break;
      case 8:
        if (is("if-match")) join(fields.if_match, header.value, joined_[3]);
        break;
      case 9:
        if (trusted_.header() == TrustedHeader::forwarded && is("forwarded"))
          join(fields.forwarded, header.value, joined_[1]);
        break;
      case 10:
        if (is("user-agent")) fields.user_agent = header.value;
        break;
      case 11:
        if (is("traceparent")) fields.traceparent = header.value;
        break;
      case 12:
        if (is("x-request-id")) fields.request_id = header.value;
        break;
      case 13:
        if (is("if-none-match")) join(fields.if_none_match, header.value, joined_[2]);
        break;
      case 15:
        if (trusted_.header() == TrustedHeader::x_forwarded_for && is("x-forwarded-for"))
          join(fields.forwarded, header.value, joined_[1]);
        break;
      default: break;
      }
    }
    return fields;
  }

  Fields fields_of(const Request &request) {
    Fields fields = scan(request);
    if (!fields.request_id.empty()) fields.request_id = request_id(fields.request_id);
    if (fields.request_id.empty() && log_.on()) fields.request_id = log_.new_id();
    return fields;
  }

  /// Several fields of one name form one list (RFC 9110 section 5.3), which is kept in `joined`.
  static void join(std::string_view &field, std::string_view value, std::string &joined) {
    if (field.data() == nullptr) {
      field = value;
      return;
    }
    std::string list(field);
    list.append(", ").append(value);
    joined = std::move(list);
    field = joined;
  }

  Route route_of(std::string_view path) const {
    if (path == base_path_) return Route::root;
    return echo_ && path == echo_path_ ? Route::echo : Route::unmatched;
  }

  std::size_t choose_kind(std::string_view accept) {
    if (!knows_accept_ || accept != last_accept_) { // clients repeat their Accept, or have none
      const int offer = negotiate(accept, kOffers);
      const bool acceptable = offer >= 0;
      last_kind_ =
          acceptable ? static_cast<std::size_t>(offer) : static_cast<std::size_t>(Kind::text);
      knows_accept_ = accept.size() <= 512;
      last_accept_ = knows_accept_ ? accept : std::string_view();
    }
    return last_kind_;
  }

  /// Appends the page, or 304 if the client has it. False if If-Match names other versions only:
  /// RFC 9110 section 13.1.1.
  bool append_page(const Request &request, const Fields &fields, Content content, Outcome &outcome,
                   Destination to) {
    std::string &out = to.out;
    const std::size_t kind = choose_kind(fields.accept);
    const Representation &representation = page_->kinds[kind];
    if (fields.if_match.data() != nullptr &&
        !etag_matches(fields.if_match, representation.etag, TagComparison::strong))
      return false;
    const bool unchanged =
        fields.if_none_match.data() != nullptr &&
        etag_matches(fields.if_none_match, representation.etag, TagComparison::weak);
    const Prepared &prepared = unchanged ? unchanged_[kind] : pages_[kind];
    const bool body = !unchanged && content == Content::sent;
    outcome = {unchanged ? 304 : 200, body ? representation.body.size() : 0};
    const Persistence last_field = persistence(request);
    const bool id_fits = fields.request_id.size() == (log_.on() ? kAnyId.size() : 0);
    if (last_field == Persistence::implied && body && id_fits && !prepared.whole.empty()) {
      const std::size_t id_at = out.size() + prepared.id_at;
      out += prepared.whole;
      if (!fields.request_id.empty())
        fields.request_id.copy(out.data() + id_at, fields.request_id.size());
      return true;
    }
    out += prepared.head;
    end_head(out, fields.request_id, last_field);
    if (!body) return true;
    if (representation.body.size() <= kInlineBytes)
      out += representation.body;
    else
      to.shared = {page_, representation.body, version_};
    return true;
  }

  /// Makes every response that is not the page.
  Response respond(const Request &request, const Fields &fields) const {
    const Asker asker{fields.accept, request.path, base_path_};
    const bool get = request.method == "GET" || request.method == "HEAD";
    const bool unslashed =
        base_path_.size() == request.path.size() + 1 && base_path_.starts_with(request.path);
    if (get && unslashed) return to_base(request);
    if (request.path != base_path_ && request.path != "*" && !unslashed)
      return problem(404, "There is nothing at this address.", asker);
    if (get) return problem(412, "The page is not the one that If-Match names.", asker);
    return read_only(request.method, asker);
  }

  /// Redirects /BASE to /BASE/. Relative: right behind a proxy that adds a prefix, too.
  Response to_base(const Request &request) const {
    Response response;
    response.status = 308;
    response.content_type = "text/plain; charset=utf-8";
    response.location = request.path.substr(request.path.rfind('/') + 1);
    response.location += '/';
    if (!request.query.empty()) response.location.append("?").append(request.query);
    response.body = "The page is at " + response.location + "\n";
    return response;
  }

  /// Returns the client's address as text. Keeps the last one, because clients send many requests.
  std::string_view remote(const sys::Address &peer, const Fields &fields) {
    const sys::Address address = trusted_.empty() ? peer : trusted_.client(peer, fields.forwarded);
    if (const auto ip = address.ip(); ip != remote_ip_ || remote_text_.empty()) {
      remote_ip_ = ip;
      remote_text_ = sys::ip_text(address);
    }
    return remote_text_;
  }

  /// Counts and logs the request.
  void record(const Request &request, const Fields &fields, Route route, std::size_t method,
              const Outcome &outcome) {
    const auto now = std::chrono::steady_clock::now();
    const auto ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(now - request.received).count();
    const auto duration_ns = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0) +
                                                        disturbance_.effect.delay_ms * 1'000'000);
    stats_.count(route, method, outcome.status, duration_ns);
    if (route == Route::root) stats_.latency.observe(duration_ns);
    if (!log_.on()) return;
    Access access = access_of(request, fields, outcome);
    access.duration_ns = duration_ns;
    access.drill = disturbance_.names;
    log_.write(clock_, access);
  }

  Access access_of(const Request &request, const Fields &fields, const Outcome &outcome) {
    Access access;
    access.method = request.method;
    access.path = request.target.substr(0, request.target.find('?'));
    access.remote = remote(*request.peer, fields);
    access.user_agent = fields.user_agent;
    access.request_id = fields.request_id;
    access.trace_id = trace_id(fields.traceparent);
    access.status = outcome.status;
    access.body_bytes = outcome.body_bytes;
    return access;
  }

  const Messages &messages_;
  const TrustedProxies &trusted_;
  const std::string &base_path_;
  const EchoSource *echo_;
  std::string echo_path_;
  Disturber disturber_;
  const bool hangs_;
  Disturbance disturbance_; ///< of the request that is being answered
  RequestStats &stats_;
  AccessLog log_;
  Clock clock_;

  std::uint64_t version_ = 0; ///< of page_
  std::shared_ptr<const Page> page_;
  std::array<Prepared, kOffers.size()> pages_, unchanged_;
  std::array<std::string, 4> joined_; ///< lists made from several fields of one name
  std::string last_accept_;
  bool knows_accept_ = false; ///< last_kind_ is that of last_accept_
  std::size_t last_kind_ = 0;
  std::array<std::uint8_t, 16> remote_ip_{};
  std::string remote_text_;
};

} // namespace

std::unique_ptr<Handler> make_public_handler(const PublicSite &site, RequestStats &stats,
                                             AccessLog log) {
  return std::make_unique<PublicHandler>(site, stats, log);
}

} // namespace hello::server
