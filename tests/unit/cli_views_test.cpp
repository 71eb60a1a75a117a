#include <doctest/doctest.h>

#include "cli/view/counted.h"
#include "cli/view/events.h"
#include "cli/view/reports.h"
#include "cli/view/table.h"
#include "hello/text.h"

using namespace hello;

namespace {

using Column = cli::Column;

std::vector<release::Release> releases() {
  release::Release first, last;
  first.revision = 12;
  first.when = "2026-11-23T04:00:00Z";
  first.who = "jörg 日本";
  first.source = "0123456789abcdef";
  first.image = "hello:2";
  first.note = "rollback to 1";
  first.objects = {{"v1", "Service", "hello", "hello"}};
  last.revision = 1;
  last.state = release::State::rolled_back;
  last.who = "\"ci\"";
  last.digest = "d1";
  return {first, last};
}

} // namespace

TEST_CASE("a table is aligned by what a terminal shows, and cells are cut between characters") {
  constexpr Column columns[] = {
      {"N", 3, Column::Align::right}, {"NAME", 6, Column::Align::left, 6}, {"REST"}};
  CHECK(cli::title_row(columns) == "  N  NAME    REST");
  CHECK(cli::row(columns, {"1", "é", "x"}) == "  1  é       x");
  CHECK(cli::row(columns, {"1", "日本", "x"}) == "  1  日本    x");
  CHECK(cli::row(columns, {"1", "a日本語", "x"}) == "  1  a日本   x");
  CHECK(cli::row(columns, {"1000", "", ""}) == "1000          ");
  CHECK(cli::row(columns, {"1", "two"}) == "  1  two   ");
}

TEST_CASE("width counts terminal columns") {
  CHECK(text::width("abc") == 3);
  CHECK(text::width("e\u0301…") == 2);
  CHECK(text::width("日本😀") == 6);
  CHECK(text::width("\xff\xc3") == 2);
  CHECK(text::fitted("ab日", 3) == "ab");
  CHECK(text::fitted("abe\u0301", 3) == "abe\u0301");
  CHECK(text::fitted("", 0).empty());
}

TEST_CASE("history prints a table, or one release a line as JSON") {
  std::vector<release::Release> all = releases();
  release::set_status(all, true);
  CHECK(cli::text_of(all) ==
        "REVISION  STATUS       WHEN                  WHO                       SOURCE         "
        "IMAGE\n"
        "      12  pending      2026-11-23T04:00:00Z  jörg 日本                 0123456789abc  "
        "hello:2 "
        "(rollback to 1)\n"
        "       1  failed                             \"ci\"                      -               "
        "(rolled back)\n");
  CHECK(
      cli::json_of(all) ==
      R"([{"revision":12,"state":"pending","status":"pending","when":"2026-11-23T04:00:00Z",)"
      R"("who":"jörg 日本","from":"","image":"hello:2","source":"0123456789abcdef",)"
      R"("note":"rollback to 1","digest":"","objects":["Service/hello"]},)"
      "\n"
      R"({"revision":1,"state":"rolled-back","status":"failed","when":"","who":"\"ci\"","from":"",)"
      R"("image":"","source":"","note":"","digest":"d1","objects":[]}])"
      "\n");
  CHECK(cli::json_of(std::vector<release::Release>()) == "[]\n");
}

TEST_CASE("status prints a tree, or one JSON object on a line") {
  deploy::Status status;
  status.health = deploy::Health::bad;
  status.state = deploy::State::failed;
  status.summary = "0 of 1 pods available";
  status.image = "hello:2";
  deploy::StatusNode pod{deploy::Health::bad, "Pod/a", "why\nand more"};
  status.objects = {{deploy::Health::waiting, "Deployment/hello", "", {pod}}};
  deploy::Observation observed;
  observed.unread = {{"Secret", "a Role"}};
  const kube::Access access{"lab", "shop"};
  CHECK(cli::text_of(status, observed, access, cli::Paint{}) ==
        "context lab, namespace shop\nimage hello:2\nfailed: 0 of 1 pods available\n\n"
        "… Deployment/hello\n  ✗ Pod/a  why\n      and more\n"
        "? Secret  these rights do not let it be read: a Role\n");
  CHECK(
      cli::json_of(status, observed, access) ==
      R"({"healthy":false,"health":"bad","state":"failed","summary":"0 of 1 pods available","context":"lab",)"
      R"("namespace":"shop","image":"hello:2","release":null,"objects":[{"object":)"
      R"("Deployment/hello","health":"waiting","text":"","below":[{"object":"Pod/a","health":)"
      R"("bad","text":"why\nand more","below":[]}]}],"unread":["Secret"]})"
      "\n");

  status.health = deploy::Health::warning;
  status.state = deploy::State::restarting;
  status.release = releases().front();
  status.objects.clear();
  CHECK(cli::text_of(status, {}, access, cli::Paint{.colours = true}) ==
        "context lab, namespace shop\nrelease 12, pending, 2026-11-23T04:00:00Z by jörg 日本, from "
        "0123456789abcdef, rollback to 1\nimage hello:2\n"
        "\033[33mready, restarting\033[0m: 0 of 1 pods available\n\n");
  CHECK(
      cli::json_of(status, {}, access)
          .find(
              R"("release":{"revision":12,"state":"pending","status":"","when":"2026-11-23T04:00:00Z","who":)"
              R"("jörg 日本","source":"0123456789abcdef","image":"hello:2"},"objects":[])") !=
      std::string::npos);
}

TEST_CASE("top prints a table, or cores and bytes as JSON") {
  const std::vector<kube::Usage> pods = {
      {"hello-a", {0.0123, 0.1, std::nullopt}, {16.5 * 1048576, 33554432, 67108864}},
      {"hello-b", {}, {}}};
  const kube::RatesByPod rates = {{"hello-a", {12.34, 0.5, 0.0012, 0.25}}};
  CHECK(cli::text_of(pods, rates) ==
        "POD                                   CPU   OF REQUEST   OF LIMIT     MEMORY   OF REQUEST"
        "   OF LIMIT     REQ/S    ERR/S       P50       P99\n"
        "hello-a                               12m         12 %          -     16.5Mi         52 %"
        "       26 %      12.3      0.5     1.2ms   250.0ms\n"
        "hello-b                                 -            -          -          -            -"
        "          -         -        -         -         -\n");
  CHECK(cli::json_of(pods, rates) ==
        R"([{"pod":"hello-a","cpu":{"used":0.0123,"request":0.1,"limit":null},"memory":{"used":)"
        R"(17301504,"request":33554432,"limit":67108864},"requests":{"perSecond":12.34,)"
        R"("errorsPerSecond":0.5,"p50":0.0012,"p99":0.25}},{"pod":"hello-b","cpu":{"used":null,)"
        R"("request":null,"limit":null},"memory":{"used":null,"request":null,"limit":null},)"
        R"("requests":{"perSecond":null,"errorsPerSecond":null,"p50":null,"p99":null}}])"
        "\n");
}

TEST_CASE("status prints the alerts that fire") {
  const std::vector<kube::Alert> alerts = {{"HelloErrors", "page", ""},
                                           {"HelloSlow", "", "hello-a"}};
  CHECK(cli::text_of(alerts, cli::Paint{}) ==
        "alert HelloErrors, page\nalert HelloSlow, pod hello-a\n");
  const std::string json = cli::json_of(deploy::Status(), deploy::Observation(), {}, &alerts);
  CHECK(json.ends_with(R"("alerts":[{"name":"HelloErrors","severity":"page","pod":""},)"
                       R"({"name":"HelloSlow","severity":"","pod":"hello-a"}]})"
                       "\n"));
  CHECK(cli::json_of(deploy::Status(), deploy::Observation(), {}).find("alerts") ==
        std::string::npos);
}

TEST_CASE("plurals are right") {
  CHECK(cli::counted(0, "release") == "0 releases");
  CHECK(cli::counted(1, "release") == "1 release");
  CHECK(cli::counted(2, "release") == "2 releases");
  CHECK(cli::event_text(deploy::Event(deploy::event::HistoryRemoved{1})).text ==
        "the history of 1 revision removed");
}

TEST_CASE("plan: a long value is cut around its first difference, with both sizes") {
  deploy::Plan plan;
  std::string before(900'000, 'a'), after = before;
  after[450'000] = 'b';
  plan.items = {{deploy::Item::Action::change,
                 {"v1", "ConfigMap", "shop", "m"},
                 {{"data.long", before, after, false},
                  {"data.text", before + "\nx", after + "\nx", true},
                  {"spec.clusterIP", "\"None\"", "\"None\"", false, true},
                  {"data.key", "(changed)", "(changed)", false}}}};
  const std::string text = cli::text_of(plan, cli::Paint{false});
  CHECK(text.size() < 1500);
  CHECK(text.find("aab") != text.npos);
  CHECK(text.find("(900000 bytes)") != text.npos);
  CHECK(text.find("data.text (900002 → 900002 bytes):") != text.npos);
  CHECK(text.find("spec.clusterIP: given up, stays \"None\"\n") != text.npos);
  CHECK(text.find("data.key: (changed)\n") != text.npos);
  const std::string json = cli::json_of(plan);
  CHECK(json.size() < 2000);
  CHECK(json.find(R"("before":"\"None\"","after":"\"None\"","givenUp":true})") != json.npos);
}
