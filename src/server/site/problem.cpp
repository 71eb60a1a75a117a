#include "server/site/problem.h"

#include <algorithm>
#include <array>

#include "hello/json.h"
#include "server/http/negotiate.h"
#include "server/site/page.h"

namespace hello::server {
namespace {

constexpr std::string_view kProblemType = "application/problem+json";

std::string problem_json(int status, std::string_view detail) {
  std::string body;
  json::Writer(body)
      .begin_object()
      .key("type")
      .string("about:blank")
      .key("title")
      .string(reason_phrase(status))
      .key("status")
      .number(status)
      .key("detail")
      .string(detail)
      .end_object();
  return body + '\n';
}

/// The start page's address relative to the request's: also right behind a proxy that adds or
/// strips a prefix.
std::string start_link(const Asker &asker) {
  std::string link;
  const auto slashes = std::count(asker.path.begin(), asker.path.end(), '/');
  for (std::ptrdiff_t i = 1; i < slashes; ++i) link += "../";
  link += asker.base_path.substr(1);
  return link.empty() ? "./" : link;
}

} // namespace

Response problem(int status, std::string_view detail, const Asker &asker) {
  static constexpr std::array<std::string_view, 4> kTypes = {kProblemType, "text/plain",
                                                             "text/html", "application/json"};
  Response response;
  response.status = status;
  response.vary = "Accept";
  switch (negotiate(asker.accept, kTypes)) {
  case 1:
    response.content_type = "text/plain; charset=utf-8";
    response.body.append(reason_phrase(status)).append(": ").append(detail).append("\n");
    break;
  case 2:
    response.content_type = "text/html; charset=utf-8";
    response.policy = page_policy();
    response.body = error_page(status, {reason_phrase(status), detail, start_link(asker)});
    break;
  default: response.content_type = kProblemType; response.body = problem_json(status, detail);
  }
  return response;
}

Response read_only(std::string_view method, const Asker &asker) {
  Response response;
  if (method == "OPTIONS")
    response.status = 204;
  else
    response = problem(405, "Only GET, HEAD and OPTIONS are allowed.", asker);
  response.allow = "GET, HEAD, OPTIONS";
  return response;
}

Response problem(const Refusal &refusal) {
  std::string detail(refusal.reason);
  for (char &c : detail)
    if (c == '_') c = ' ';
  Response response;
  response.status = refusal.status;
  response.content_type = kProblemType;
  response.body = problem_json(refusal.status, detail);
  return response;
}

} // namespace hello::server
