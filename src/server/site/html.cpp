#include "server/site/html.h"

#include "hello/text.h"

namespace hello::server {

void append_html(std::string &out, std::string_view text) {
  for (const char c : text::valid_utf8(text)) {
    switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    case '\'': out += "&#39;"; break;
    case '\t':
    case '\n': out += c; break;
    default:
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
        out += "\uFFFD";
      else
        out += c;
    }
  }
}

std::string html_escaped(std::string_view text) {
  std::string out;
  append_html(out, text);
  return out;
}

} // namespace hello::server
