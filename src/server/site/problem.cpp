#include "server/site/problem.h"

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

} // namespace

Response problem(int status, std::string_view detail, std::string_view accept) {
  static constexpr std::array<std::string_view, 3> kTypes = {kProblemType, "text/html",
                                                             "application/json"};
  Response response;
  response.status = status;
  response.vary = "Accept";
  if (negotiate(accept, kTypes) == 1) {
    response.content_type = "text/html; charset=utf-8";
    response.policy = page_policy();
    response.body = error_page(status, reason_phrase(status), detail);
  } else {
    response.content_type = kProblemType;
    response.body = problem_json(status, detail);
  }
  return response;
}

Response read_only(std::string_view method, std::string_view accept) {
  Response response;
  if (method == "OPTIONS")
    response.status = 204;
  else
    response = problem(405, "Only GET, HEAD and OPTIONS are allowed.", accept);
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
