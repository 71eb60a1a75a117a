#include <doctest/doctest.h>

#include <stdexcept>

#include "hello/sha256.h"
#include "server/site/html.h"
#include "server/site/page.h"

using namespace hello::server;

namespace {
constexpr std::size_t kText = 0, kHtml = 1, kJson = 2;
} // namespace

TEST_CASE("page: plain text is the message and a newline, byte for byte") {
  CHECK(make_page("Hello, World!", "p").kinds[kText].body == "Hello, World!\n");
  CHECK(make_page("a\nb\n", "p").kinds[kText].body == "a\nb\n");
  CHECK(make_page("grüße 🎉\r\n\tx", "p").kinds[kText].body == "grüße 🎉\r\n\tx\n");
  CHECK(make_page("", "p").kinds[kText].body == "\n");
}

TEST_CASE("page: each line is a message; markup in it stays text") {
  const Page page =
      make_page("first\r\n\n  \n</h1><script>alert('1')</script>&\"\nlast", "pod-<1>");
  const std::string &body = page.kinds[kHtml].body;
  CHECK(body.find("<h1 dir=\"auto\">first</h1>") != std::string::npos);
  CHECK(body.find("<p "
                  "dir=\"auto\">&lt;/h1&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/"
                  "script&gt;&amp;&quot;</p>") != std::string::npos);
  CHECK(body.find("<code>pod-&lt;1&gt;</code>") != std::string::npos);
  CHECK(body.find("<script") == std::string::npos);
  CHECK(body.find("{{") == std::string::npos);
  CHECK(page.kinds[kJson].body == "{\"messages\":[\"first\",\"</h1><script>alert('1')</"
                                  "script>&\\\"\",\"last\"],\"pod\":\"pod-<1>\"}\n");
}

TEST_CASE("page: a message that looks like a placeholder is shown as it is") {
  CHECK(make_page("{{style}} {{x}}", "{{title}}")
            .kinds[kHtml]
            .body.find("<h1 dir=\"auto\">{{style}} {{x}}</h1>") != std::string::npos);
  CHECK_THROWS_AS(fill("{{a}}{{b}}", {{"a", "{{b}}"}}), std::logic_error);
  CHECK_THROWS_AS(fill("{{a", {{"a", "x"}}), std::logic_error);
}

TEST_CASE("page: a title is cut between characters") {
  std::string text(79, 'x');
  text += "\u00e9 and more";
  CHECK(make_page(text, "p").kinds[kHtml].body.find("<title>" + std::string(79, 'x') +
                                                    "</title>") != std::string::npos);
}

TEST_CASE("page: the policy allows the inline style by its hash") {
  const std::string body = make_page("x", "p").kinds[kHtml].body;
  const std::size_t from = body.find("<style>") + 7;
  const std::string style = body.substr(from, body.find("</style>") - from);
  CHECK(page_policy().find("'sha256-" + hello::base64(hello::sha256(style)) + "'") !=
        std::string::npos);
  CHECK(page_policy().find("unsafe") == std::string::npos);
  CHECK(body.find("style=") == std::string::npos);
}

TEST_CASE("page: the ETag changes with the text only") {
  for (std::size_t kind = 0; kind < 3; ++kind) {
    CHECK(make_page("a", "p").kinds[kind].etag == make_page("a", "p").kinds[kind].etag);
    CHECK(make_page("a", "p").kinds[kind].etag != make_page("b", "p").kinds[kind].etag);
  }
  CHECK(make_page("a", "p").kinds[0].etag != make_page("a", "p").kinds[1].etag);
}

TEST_CASE("page: invalid text is reported with its position") {
  CHECK(messages_problem("ok é") == "");
  CHECK(messages_problem(std::string_view("a\0b", 3)) == "a NUL at byte 1");
  CHECK(messages_problem("ab\xff") == "invalid UTF-8 at byte 2");
  CHECK(messages_problem("\xed\xa0\x80") == "invalid UTF-8 at byte 0");
  CHECK(messages_problem(std::string(kMaxMessagesBytes, 'a')) == "");
  CHECK(messages_problem(std::string(kMaxMessagesBytes + 1, 'a')) ==
        "524289 bytes, but at most 524288 can be shown");
}

TEST_CASE("html: markup is escaped, and control characters become visible") {
  CHECK(html_escaped("<a href='x' title=\"&\">") ==
        "&lt;a href=&#39;x&#39; title=&quot;&amp;&quot;&gt;");
  CHECK(html_escaped("a\x01\x7f\xff\tb\n") == "a\uFFFD\uFFFD\uFFFD\tb\n");
}
