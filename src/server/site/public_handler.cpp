#include "server/site/public_handler.h"

#include <array>
#include <string>

#include <fmt/format.h>

#include "server/http/http.h"
#include "server/http/negotiate.h"
#include "server/http/problem.h"
#include "server/http/syntax.h"
#include "server/log/trace.h"

namespace hello::server {
namespace {

constexpr std::size_t kInlineBytes =
    16 * 1024; ///< a body up to this is copied together with its head

/// A whole answer but for what changes: the Date, once a second, and who wants "Connection".
struct Ready {
  std::string head;  ///< to the empty line
  std::string whole; ///< head and body; empty where the body is too long to be copied beforehand
  static constexpr std::size_t kDateAt = sizeof("HTTP/1.1 200 OK\r\nDate: ") - 1;

  void set_date(std::string_view date, std::size_t at) {
    head.replace(at, date.size(), date);
    if (!whole.empty()) whole.replace(at, date.size(), date);
  }
};

/// The fields that an answer or its log line depends on.
struct Fields {
  std::string_view accept, if_match, if_none_match, user_agent, request_id, traceparent,
      x_forwarded_for, forwarded;
};

class PublicHandler final : public Handler {
public:
  PublicHandler(const Messages &messages, const TrustedProxies &trusted, RequestStats &stats,
                AccessLog log)
      : messages_(messages), trusted_(trusted), stats_(stats), log_(std::move(log)),
        http_([this](const Request &request) { return cold(request); }) {
    clock_.at(std::chrono::steady_clock::now());
    rebuild();
  }

  void handle(const Request &request, std::string &out) noexcept override {
    const Fields fields = scan(request);
    if (clock_.at(std::chrono::steady_clock::now())) set_date();
    if (messages_.version() != version_) rebuild();
    accept_ = fields.accept;
    const bool get = request.method == "GET", head = request.method == "HEAD";
    const Route route = request.path == "/" ? Route::root : Route::unmatched;
    status_ = 200;
    body_bytes_ = 0;
    if (route != Route::root || !(get || head) || !page(request, fields, head, out))
      http_.respond(request, out);
    done(request, fields, route, get ? 0 : method_index(request.method));
  }

  void refuse(int status, std::string_view reason, bool head, const sockaddr *peer,
              std::string &out) noexcept override {
    if (clock_.at(std::chrono::steady_clock::now())) set_date();
    const std::size_t before = out.size();
    append_refusal(out, status, reason, head, clock_.http_date());
    stats_.refuse(reason);
    stats_.count(Route::none, kMethods.size() - 1, status, 0);
    if (!log_.on()) return;
    Access access;
    access.status = status;
    access.reason = reason;
    access.remote = remote(peer, {});
    access.body_bytes = out.size() - out.find("\r\n\r\n", before) - 4;
    if (!log_.write(clock_, access)) stats_.lines_dropped.add();
  }

  void flush() noexcept override { log_.flush(); }

private:
  void rebuild() {
    version_ = messages_.version(); // first: a change in between is seen at the next request
    page_ = messages_.page();
    for (std::size_t kind = 0; kind < kOffers.size(); ++kind) {
      const Representation &r = page_->kinds[kind];
      const std::string common =
          fmt::format("ETag: {}\r\nCache-Control: no-cache\r\nVary: "
                      "Accept\r\n{}Content-Security-Policy: {}\r\n",
                      r.etag, kSafetyHeaders,
                      kind == static_cast<std::size_t>(Kind::html) ? page_policy() : kNoPagePolicy);
      ready_[kind].head = fmt::format(
          "HTTP/1.1 200 OK\r\nDate: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n",
          clock_.http_date(), r.type, r.body.size(), common);
      ready_[kind].whole =
          r.body.size() <= kInlineBytes ? ready_[kind].head + r.body : std::string();
      unchanged_[kind].head = fmt::format("HTTP/1.1 304 Not Modified\r\nDate: {}\r\n{}\r\n",
                                          clock_.http_date(), common);
    }
  }

  void set_date() {
    constexpr std::size_t kLonger = sizeof("304 Not Modified") - sizeof("200 OK");
    for (Ready &ready : ready_) ready.set_date(clock_.http_date(), Ready::kDateAt);
    for (Ready &ready : unchanged_) ready.set_date(clock_.http_date(), Ready::kDateAt + kLonger);
  }

  Fields scan(const Request &request) {
    Fields fields;
    for (const Header &header : request.headers) {
      const auto is = [&](std::string_view name) { return syntax::same(header.name, name); };
      switch (
          header.name
              .size()) { // few fields have these lengths: most are passed by without a comparison
      case 6:
        if (is("accept")) join(fields.accept, header.value, joined_[0]);
        break;
      case 8:
        if (is("if-match")) join(fields.if_match, header.value, joined_[4]);
        break;
      case 9:
        if (is("forwarded")) join(fields.forwarded, header.value, joined_[1]);
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
        if (is("x-forwarded-for")) join(fields.x_forwarded_for, header.value, joined_[3]);
        break;
      default: break;
      }
    }
    return fields;
  }

  /// A field that comes twice is one list (RFC 9110 5.3).
  static void join(std::string_view &field, std::string_view value, std::string &room) {
    if (field.data() == nullptr) {
      field = value;
      return;
    }
    std::string list(field);
    list.append(", ").append(value);
    room = std::move(list);
    field = room;
  }

  std::size_t choose(std::string_view accept) {
    if (accept != last_accept_ || last_accept_.empty()) { // clients repeat themselves
      const int offer = negotiate(accept, kOffers);
      last_kind_ =
          offer < 0 ? static_cast<std::size_t>(Kind::text) : static_cast<std::size_t>(offer);
      last_accept_ = accept.size() <= 512 ? accept : std::string_view();
    }
    return last_kind_;
  }

  /// False where the client wants this page only if it is another one: RFC 9110 13.1.1.
  bool page(const Request &request, const Fields &fields, bool head, std::string &out) {
    const std::size_t kind = choose(fields.accept);
    const Representation &representation = page_->kinds[kind];
    if (fields.if_match.data() != nullptr &&
        !etag_matches(fields.if_match, representation.etag, false))
      return false;
    const bool unchanged = fields.if_none_match.data() != nullptr &&
                           etag_matches(fields.if_none_match, representation.etag, true);
    const Ready &ready = unchanged ? unchanged_[kind] : ready_[kind];
    const bool body = !unchanged && !head;
    status_ = unchanged ? 304 : 200;
    body_bytes_ = body ? representation.body.size() : 0;
    const bool plain = request.keep_alive && request.minor == 1;
    if (plain && body && !ready.whole.empty()) {
      out += ready.whole;
      return true;
    }
    out.append(ready.head, 0, ready.head.size() - 2);
    if (!plain) out += request.keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
    out += "\r\n";
    if (body) out += representation.body;
    return true;
  }

  Reply cold(const Request &request) {
    Reply reply;
    if (request.path != "/" && request.path != "*")
      reply = problem(404, "There is nothing at this address.", accept_);
    else if (request.method == "GET" || request.method == "HEAD")
      reply = problem(412, "The page is not the one that If-Match names.", accept_);
    else
      reply = read_only(request.method, accept_);
    reply.headers.emplace_back("Date", clock_.http_date());
    status_ = reply.status;
    body_bytes_ = request.method == "HEAD" ? 0 : reply.body.size();
    return reply;
  }

  /// The client's address as text; the last one is kept, as a proxy in front is always the same.
  std::string_view remote(const sockaddr *peer, const Fields &fields) {
    std::optional<Address> address = address_of(peer);
    if (!address) return {};
    if (!trusted_.empty())
      address = trusted_.client(*address, fields.x_forwarded_for, fields.forwarded);
    if (*address != remote_ || remote_text_.empty())
      remote_ = *address, remote_text_ = to_text(remote_);
    return remote_text_;
  }

  void done(const Request &request, const Fields &fields, Route route, std::size_t method) {
    const auto now = std::chrono::steady_clock::now();
    const auto ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(now - request.started).count();
    const auto duration_ns = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
    stats_.count(route, method, status_, duration_ns);
    if (!log_.on()) return;
    Access access;
    access.method = request.method;
    access.path = request.target.substr(0, request.target.find('?'));
    access.remote = remote(request.peer, fields);
    access.user_agent = fields.user_agent;
    access.request_id = request_id(fields.request_id);
    access.trace_id = trace_id(fields.traceparent);
    access.status = status_;
    access.body_bytes = body_bytes_;
    access.duration_ns = duration_ns;
    if (!log_.write(clock_, access)) stats_.lines_dropped.add();
  }

  const Messages &messages_;
  const TrustedProxies &trusted_;
  RequestStats &stats_;
  AccessLog log_;
  Http http_;
  Clock clock_;

  std::uint64_t version_ = 0;
  std::shared_ptr<const Page> page_;
  std::array<Ready, kOffers.size()> ready_, unchanged_;
  std::array<std::string, 5> joined_; ///< lists put together from several fields of one name
  std::string last_accept_;
  std::size_t last_kind_ = 0;
  Address remote_;
  std::string remote_text_;

  // Of the request under way.
  std::string_view accept_;
  int status_ = 0;
  std::size_t body_bytes_ = 0;
};

} // namespace

std::unique_ptr<Handler> make_public_handler(const Messages &messages,
                                             const TrustedProxies &trusted, RequestStats &stats,
                                             AccessLog log) {
  return std::make_unique<PublicHandler>(messages, trusted, stats, std::move(log));
}

} // namespace hello::server
