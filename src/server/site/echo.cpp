#include "server/site/echo.h"

#include <chrono>

#include "hello/json.h"
#include "hello/text.h"
#include "server/http/syntax.h"

namespace hello::server {
namespace {

/// Names with one of these words: those of credentials, and of certificates that proxies pass on.
constexpr std::string_view kMaskedWords[] = {"auth",  "cookie",     "token",  "secret",
                                             "key",   "password",   "passwd", "session",
                                             "-cert", "credential", "jwt",    "signature"};
/// The longest path and the longest forwarded fact that are shown whole.
constexpr std::size_t kPathBytes = 2 << 10, kFactBytes = 256;

/// The last value of a header. The views are those of the request.
std::string_view header_of(const Request &request, std::string_view lower_name) {
  std::string_view value;
  for (const Header &header : request.headers)
    if (syntax::iequals(header.name, lower_name)) value = header.value;
  return value;
}

void append_forwarded(json::Writer &writer, const Request &request, const TrustedProxies &trusted) {
  writer.key("forwarded").begin_object();
  writer.key("trusted").boolean(trusted.contains(*request.peer));
  for (const std::string_view fact : {"for", "proto", "host", "port"}) {
    const std::string_view value = header_of(request, "x-forwarded-" + std::string(fact));
    if (value.data() != nullptr) writer.key(fact).string(value.substr(0, kFactBytes));
  }
  writer.end_object();
}

/// The headers in their order. Each is one item; false if some did not fit.
bool append_headers(json::Writer &writer, const std::string &body, const Request &request) {
  constexpr std::size_t kEnd = 64; // what follows the headers
  for (const Header &header : request.headers) {
    std::string item;
    json::Writer(item)
        .begin_object()
        .key("name")
        .string(header.name)
        .key("value")
        .string(is_masked(header.name) ? "***" : header.value)
        .end_object();
    if (body.size() + item.size() + kEnd > kEchoBytes) return false;
    writer.raw(item);
  }
  return true;
}

} // namespace

bool is_masked(std::string_view name) {
  const std::string lower = text::lower(name);
  for (const std::string_view word : kMaskedWords)
    if (lower.find(word) != lower.npos) return true;
  return false;
}

Response echo(const Request &request, const EchoSource &source, std::string_view forwarded,
              std::string_view request_id) {
  using namespace std::chrono;
  Response response;
  response.content_type = "application/json";
  std::string &body = response.body;
  json::Writer writer(body);
  const auto time = system_clock::now().time_since_epoch();
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  writer.begin_object().key("time_ns").number(duration_cast<nanoseconds>(time).count());
  writer.key("pod").string(source.pod);
  if (!source.node.empty()) writer.key("node").string(source.node);
  writer.key("method").string(request.method);
  writer.key("path").string(path.substr(0, kPathBytes));
  writer.key("version").string(request.minor == 0 ? "HTTP/1.0" : "HTTP/1.1");
  writer.key("address").string(sys::to_text(*request.peer));
  writer.key("client").string(sys::ip_text(source.trusted.client(*request.peer, forwarded)));
  append_forwarded(writer, request, source.trusted);
  if (!request_id.empty()) writer.key("request_id").string(request_id);
  writer.key("body_bytes").number(static_cast<std::int64_t>(request.body_bytes));
  writer.key("headers").begin_array();
  const bool whole = append_headers(writer, body, request);
  writer.end_array();
  if (!whole) writer.key("cut").boolean(true);
  writer.end_object();
  body += '\n';
  return response;
}

} // namespace hello::server
