#include "server/site/page.h"

#include <stdexcept>

#include "hello/embedded.h"
#include "hello/json.h"
#include "hello/sha256.h"
#include "hello/text.h"
#include "server/site/html.h"

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
  if (const std::size_t at = text::invalid_utf8(text); at != std::string_view::npos)
    return "invalid UTF-8 at byte " + std::to_string(at);
  return "";
}

std::vector<std::string_view> split_messages(std::string_view text) {
  std::vector<std::string_view> messages = text::lines(text);
  std::erase_if(messages, [](std::string_view line) { return text::trimmed(line).empty(); });
  return messages;
}

namespace {

std::string html(std::string_view title, std::string_view main, std::string_view footer) {
  return fill(embedded("assets/page.html"), {{"title", title},
                                             {"style", embedded("assets/page.css")},
                                             {"main", main},
                                             {"footer", footer}});
}

Representation representation(std::string_view type, std::string body) {
  std::string etag = '"' + hex(sha256(body)).substr(0, 24) + '"';
  return {type, std::move(body), std::move(etag)};
}

std::string html_body(const std::vector<std::string_view> &messages) {
  std::string body;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (i > 0)
      body += "\n<p dir=\"auto\">" + html_escaped(messages[i]) + "</p>";
    else if (messages[0].size() > 60) // a long heading is set in smaller type
      body += "<h1 class=\"long\" dir=\"auto\">" + html_escaped(messages[0]) + "</h1>";
    else
      body += "<h1 dir=\"auto\">" + html_escaped(messages[0]) + "</h1>";
  }
  return body;
}

std::string json_body(const std::vector<std::string_view> &messages, std::string_view pod) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("messages").begin_array();
  for (std::string_view message : messages) writer.string(message);
  writer.end_array().key("pod").string(pod).end_object();
  return body + '\n';
}

} // namespace

Page make_page(std::string_view text, std::string_view pod) {
  const std::vector<std::string_view> messages = split_messages(text);
  std::string plain(text);
  if (!plain.ends_with('\n')) plain += '\n';
  // The tab of a browser shows less than 80 bytes.
  const std::string_view title = messages.empty() ? "hello" : text::cut(messages[0], 80);
  return {{representation("text/plain; charset=utf-8", std::move(plain)),
           representation("text/html; charset=utf-8",
                          html(html_escaped(title), html_body(messages),
                               "Served by <code>" + html_escaped(pod) + "</code>")),
           representation("application/json", json_body(messages, pod))}};
}

std::string error_page(int status, const ErrorTexts &texts) {
  const std::string title = html_escaped(texts.title), number = std::to_string(status);
  return html(number + ' ' + title,
              "<h1>" + title + "</h1>\n<p>" + html_escaped(texts.detail) + "</p>",
              "Error <code>" + number + "</code> · <a href=\"" + html_escaped(texts.start_link) +
                  "\">to the start page</a>");
}

const std::string &page_policy() {
  static const std::string policy =
      "default-src 'none'; style-src 'sha256-" + base64(sha256(embedded("assets/page.css"))) +
      "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return policy;
}

} // namespace hello::server
