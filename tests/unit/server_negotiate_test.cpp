#include <doctest/doctest.h>

#include <array>

#include "server/http/negotiate.h"
#include "server/site/page.h"

using namespace hello::server;

TEST_CASE("negotiation: the highest q wins, then the most specific range") {
  struct Row {
    std::string_view accept;
    int kind; ///< 0 text, 1 html, 2 json, -1 none
  };
  const std::array rows = {
      Row{"", 0},
      Row{"*/*", 0},
      Row{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
          1},
      Row{"application/json", 2},
      Row{"APPLICATION/JSON; charset=utf-8", 2},
      Row{"application/json, text/plain, */*", 2}, // Angular and axios
      Row{"text/plain, application/json", 0},
      Row{"text/html, application/json, text/plain", 1},
      Row{"*/*, application/json, text/html", 2},
      Row{"application/json, */*;q=0.5", 2},
      Row{"application/json, */*", 2},
      Row{"text/*", 0},
      Row{"application/*", 2},
      Row{"text/*;q=0.5, text/html", 1},
      Row{"text/html;q=0.5, */*;q=0.8", 0},
      Row{"text/plain;q=0, */*", 1},
      Row{"text/plain;q=0, text/html;q=0, */*;q=0.1", 2},
      Row{"*/*;q=0", -1},
      Row{"image/png", -1},
      Row{"text/html;q=0", -1},
      Row{"text/html;level=1;q=0.3, application/json;q=0.31", 2},
      Row{"text/html;q=1.000, application/json;q=0.999", 1},
      Row{"text/html;q=1.001, application/json;q=0.2", 2},
      Row{"text/html;q=.9, application/json;q=0.1", 1},
      Row{"text/html;q=.9, application/json", 2},
      Row{"text/html;q=., application/json;q=0.1", 2},
      Row{"text/html;q=.1234, application/json;q=0.1", 2},
      Row{"text/html;q=1., application/json;q=0.9", 1},
      Row{"text/html;x=\"a,b;q=0\", application/json;q=0.9", 1},
      Row{" , ,text/html ;  q=0.4 ,", 1},
      Row{"text / html, application/json;q=0.1", 2},
      Row{"html", -1},
      Row{"*", -1},
      Row{"text/htmlx, application/jso", -1},
      Row{"*/html", -1},
      Row{"text/html;Q=0.1, application/json;q=0.2", 2},
  };
  for (const Row &row : rows) {
    INFO(row.accept);
    CHECK(negotiate(row.accept, kOffers) == row.kind);
  }
}

TEST_CASE("negotiation: entity tags are compared whole, weakly or strongly") {
  constexpr std::string_view kTag = "\"abc\"";
  for (const std::string_view yes :
       {"\"abc\"", "*", " * ", "W/\"abc\"", "\"x\", \"abc\"", "\"x\",W/\"abc\",\"y\"",
        "\"a,b\", \"abc\"", "\"\\\", \"abc\"", ",,\"abc\""}) {
    INFO(yes);
    CHECK(etag_matches(yes, kTag, TagComparison::weak));
  }
  for (const std::string_view no :
       {"", "abc", "\"abcd\"", "\"xabc\"", "\"ABC\"", "\"x\"abc\"y\"", "W/\"x\"", "**"}) {
    INFO(no);
    CHECK_FALSE(etag_matches(no, kTag, TagComparison::weak));
  }
  CHECK(etag_matches("W/\"abc\", \"abc\"", kTag, TagComparison::strong));
  CHECK_FALSE(etag_matches("W/\"abc\"", kTag, TagComparison::strong));
}
