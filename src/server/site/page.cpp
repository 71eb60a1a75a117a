#include "server/site/page.h"

#include <stdexcept>

#include "hello/embedded.h"
#include "hello/sha256.h"
#include "server/http/escape.h"

namespace hello::server {

std::string fill(std::string_view text, std::initializer_list<Slot> values) {
  std::string out;
  while (true) {
    const std::size_t open = text.find("{{");
    out += text.substr(0, open);
    if (open == std::string_view::npos) return out;
    const std::size_t close = text.find("}}", open);
    const std::string_view name = text.substr(open + 2, close - open - 2);
    const Slot *slot = nullptr;
    for (const Slot &value : values)
      if (value.name == name) slot = &value;
    if (close == std::string_view::npos || !slot)
      throw std::logic_error("no value for {{" + std::string(name) + "}}");
    out += slot->value;
    text.remove_prefix(close + 2);
  }
}

std::string messages_problem(std::string_view text) {
  if (text.size() > kMaxMessagesBytes)
    return std::to_string(text.size()) + " bytes, but at most " +
           std::to_string(kMaxMessagesBytes) + " can be shown";
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    return "a NUL at byte " + std::to_string(nul);
  if (const std::size_t at = utf8_error(text); at != std::string_view::npos)
    return "invalid UTF-8 at byte " + std::to_string(at);
  return "";
}

std::vector<std::string_view> split_messages(std::string_view text) {
  std::vector<std::string_view> messages;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) messages.push_back(line);
  }
  return messages;
}

namespace {

std::string html(std::string_view title, std::string_view main, std::string_view footer) {
  return fill(embedded("assets/page.html"), {{"title", title},
                                             {"style", embedded("assets/page.css")},
                                             {"main", main},
                                             {"footer", footer}});
}

std::string escaped(std::string_view text) {
  std::string out;
  append_html(out, text);
  return out;
}

Representation representation(std::string_view type, std::string body) {
  std::string etag = '"' + hex(sha256(body)).substr(0, 24) + '"';
  return {type, std::move(body), std::move(etag)};
}

} // namespace

Page make_page(std::string_view text, std::string_view pod) {
  const std::vector<std::string_view> messages = split_messages(text);
  std::string plain(text), main, json = "{\"messages\":[";
  if (plain.empty() || plain.back() != '\n') plain += '\n';
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (i == 0) // the heading; a long one is set in smaller type
      main += messages[0].size() > 60 ? "<h1 class=\"long\" dir=\"auto\">" : "<h1 dir=\"auto\">";
    else
      main += "\n<p dir=\"auto\">";
    append_html(main, messages[i]);
    main += i > 0 ? "</p>" : "</h1>";
    json += i > 0 ? ",\"" : "\"";
    append_json(json, messages[i]);
    json += '"';
  }
  json += "],\"pod\":\"";
  append_json(json, pod);
  json += "\"}\n";
  std::string_view title = messages.empty() ? "hello" : messages[0];
  if (title.size() > 80) { // a tab shows less; cut between characters
    std::size_t end = 80;
    while ((static_cast<unsigned char>(title[end]) & 0xC0) == 0x80) --end;
    title = title.substr(0, end);
  }
  return {
      {representation("text/plain; charset=utf-8", std::move(plain)),
       representation("text/html; charset=utf-8",
                      html(escaped(title), main, "Served by <code>" + escaped(pod) + "</code>")),
       representation("application/json", std::move(json))}};
}

std::string error_page(int status, std::string_view title, std::string_view detail) {
  const std::string name = std::to_string(status) + ' ' + escaped(title);
  return html(name, "<h1>" + escaped(title) + "</h1>\n<p>" + escaped(detail) + "</p>",
              "Error <code>" + std::to_string(status) +
                  "</code> · <a href=\"/\">to the start page</a>");
}

const std::string &page_policy() {
  static const std::string policy =
      "default-src 'none'; style-src 'sha256-" + base64(sha256(embedded("assets/page.css"))) +
      "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return policy;
}

} // namespace hello::server
