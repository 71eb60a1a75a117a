#include "server/http/problem.h"

#include <array>

#include "server/http/escape.h"
#include "server/http/negotiate.h"
#include "server/site/page.h"

namespace hello::server {
namespace {

std::string problem_json(int status, std::string_view detail) {
  std::string json = "{\"type\":\"about:blank\",\"title\":\"";
  append_json(json, status_title(status));
  json += "\",\"status\":" + std::to_string(status) + ",\"detail\":\"";
  append_json(json, detail);
  return json + "\"}\n";
}

constexpr std::string_view kProblemType = "application/problem+json";

} // namespace

std::string_view status_title(int status) {
  switch (status) {
  case 400: return "Bad Request";
  case 404: return "Not Found";
  case 405: return "Method Not Allowed";
  case 408: return "Request Timeout";
  case 411: return "Length Required";
  case 412: return "Precondition Failed";
  case 413: return "Content Too Large";
  case 414: return "URI Too Long";
  case 417: return "Expectation Failed";
  case 431: return "Request Header Fields Too Large";
  case 501: return "Not Implemented";
  case 503: return "Service Unavailable";
  case 505: return "HTTP Version Not Supported";
  default: return "Error";
  }
}

void add_safety(Reply &reply, std::string_view policy) {
  for (std::string_view rest = kSafetyHeaders; !rest.empty();) {
    const std::size_t colon = rest.find(": "), end = rest.find("\r\n");
    reply.headers.emplace_back(rest.substr(0, colon), rest.substr(colon + 2, end - colon - 2));
    rest.remove_prefix(end + 2);
  }
  reply.headers.emplace_back("Content-Security-Policy", policy);
}

Reply problem(int status, std::string_view detail, std::string_view accept) {
  static constexpr std::array<std::string_view, 3> kTypes = {kProblemType, "text/html",
                                                             "application/json"};
  Reply reply;
  reply.status = status;
  const bool page = negotiate(accept, kTypes) == 1;
  reply.content_type = page ? "text/html; charset=utf-8" : std::string(kProblemType);
  reply.body =
      page ? error_page(status, status_title(status), detail) : problem_json(status, detail);
  reply.headers = {{"Cache-Control", "no-store"}, {"Vary", "Accept"}};
  add_safety(reply, page ? page_policy() : kNoPagePolicy);
  return reply;
}

Reply read_only(std::string_view method, std::string_view accept) {
  Reply reply;
  if (method == "OPTIONS") {
    reply.status = 204;
    add_safety(reply, kNoPagePolicy);
  } else {
    reply = problem(405, "This address can be read, and nothing else.", accept);
  }
  reply.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
  return reply;
}

void append_refusal(std::string &out, int status, std::string_view reason, bool head,
                    std::string_view date) {
  std::string detail(reason);
  for (char &c : detail)
    if (c == '_') c = ' ';
  const std::string body = problem_json(status, detail);
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(status_title(status));
  out.append("\r\nDate: ")
      .append(date)
      .append("\r\nConnection: close\r\nCache-Control: no-store\r\nContent-Type: ");
  out.append(kProblemType)
      .append("\r\nContent-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n");
  out.append(kSafetyHeaders)
      .append("Content-Security-Policy: ")
      .append(kNoPagePolicy)
      .append("\r\n\r\n");
  if (!head) out.append(body);
}

} // namespace hello::server
