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
  std::size_t size = text.size();
  for (const Slot &value : values) size += value.value.size();
  out.reserve(size);
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

/// An HTML page around what `append_main` appends: a page may be some megabytes long, so it is
/// written in place. `size`: of the main part, about.
template <typename AppendMain> std::string html(std::string_view title, std::string_view footer,
                                                std::size_t size, AppendMain append_main) {
  constexpr std::string_view kMain = "{{main}}";
  const std::string_view page = embedded("assets/page.html"), style = embedded("assets/page.css");
  const std::size_t at = page.find(kMain);
  std::string out;
  out.reserve(page.size() + style.size() + title.size() + footer.size() + size);
  out += fill(page.substr(0, at), {{"title", title}, {"style", style}});
  append_main(out);
  out += fill(page.substr(at + kMain.size()), {{"footer", footer}});
  return out;
}

Representation representation(std::string_view type, std::string body) {
  std::string etag = '"' + hex(sha256(body)).substr(0, 24) + '"';
  return {type, std::move(body), std::move(etag)};
}

/// What the texts of a page take in its representations, at most.
struct PageSize {
  std::size_t html = 0, json = 0;
};

PageSize size_of(std::string_view text) {
  constexpr std::size_t kTags = 48; // around each message
  PageSize size{kTags, kTags};
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    const bool markup = c == '&' || c == '<' || c == '>' || c == '"' || c == '\'';
    size.html += markup ? 6 : 1;
    if (control) size.html += 2;
    size.json += control || static_cast<unsigned char>(c) == 0xE2 ? 6 : 1; // U+2028 is escaped
    if (c == '"' || c == '\\') ++size.json;
    if (c != '\n') continue;
    size.html += kTags;
    size.json += kTags;
  }
  return size;
}

void append_messages(std::string &body, const std::vector<std::string_view> &messages) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const bool is_long = messages[0].size() > 60; // a long heading is set in smaller type
    if (i > 0)
      body += "\n<p dir=\"auto\">";
    else
      body += is_long ? "<h1 class=\"long\" dir=\"auto\">" : "<h1 dir=\"auto\">";
    append_html(body, messages[i]);
    body += i > 0 ? "</p>" : "</h1>";
  }
}

std::string json_body(const std::vector<std::string_view> &messages, std::string_view pod,
                      std::size_t size) {
  std::string body;
  body.reserve(size + pod.size());
  json::Writer writer(body);
  writer.begin_object().key("messages").begin_array();
  for (std::string_view message : messages) writer.string(message);
  writer.end_array().key("pod").string(pod).end_object();
  return body + '\n';
}

} // namespace

std::size_t page_bytes(std::string_view text) {
  constexpr std::size_t kAround = 1 << 10; // title, footer, names
  const PageSize size = size_of(text);
  return sizeof(Page) + kAround + text.size() + size.html + size.json +
         embedded("assets/page.html").size() + embedded("assets/page.css").size();
}

Page make_page(std::string_view text, std::string_view pod) {
  const std::vector<std::string_view> messages = split_messages(text);
  const PageSize size = size_of(text);
  std::string plain;
  plain.reserve(text.size() + 1);
  plain = text;
  if (!plain.ends_with('\n')) plain += '\n';
  // The tab of a browser shows less than 80 bytes.
  const std::string_view title = messages.empty() ? "hello" : text::cut(messages[0], 80);
  return {
      {representation("text/plain; charset=utf-8", std::move(plain)),
       representation("text/html; charset=utf-8",
                      html(html_escaped(title), "Served by <code>" + html_escaped(pod) + "</code>",
                           size.html, [&](std::string &out) { append_messages(out, messages); })),
       representation("application/json", json_body(messages, pod, size.json))}};
}

std::string error_page(int status, const ErrorTexts &texts) {
  const std::string title = html_escaped(texts.title), number = std::to_string(status);
  const std::string main = "<h1>" + title + "</h1>\n<p>" + html_escaped(texts.detail) + "</p>";
  return html(number + ' ' + title,
              "Error <code>" + number + "</code> · <a href=\"" + html_escaped(texts.start_link) +
                  "\">to the start page</a>",
              main.size(), [&](std::string &out) { out += main; });
}

const std::string &page_policy() {
  static const std::string policy =
      "default-src 'none'; style-src 'sha256-" + base64(sha256(embedded("assets/page.css"))) +
      "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return policy;
}

} // namespace hello::server
