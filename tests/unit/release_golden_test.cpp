#include <doctest/doctest.h>

#include "cli/options/release_set.h"
#include "hello/error.h"
#include "hello/history.h"
#include "hello/yaml.h"

using namespace hello;

/// What hello 0.1.0 wrote, recorded with its entry_of() and digest_of(). Clusters hold such
/// entries: the API server refuses a change of an entry whose data has other bytes, and rollback
/// refuses a set whose digest differs.
namespace {

std::vector<manifest::Object> read(const std::string &text) {
  std::vector<manifest::Object> objects;
  for (const YAML::Node &node : yaml::load_all(text, "set"))
    objects.push_back({yaml::text(node, "apiVersion"), yaml::text(node, "kind"),
                       yaml::text(node, "metadata", "namespace"),
                       yaml::text(node, "metadata", "name"), node});
  return objects;
}

release::Release release_with(const release::Set &set) {
  release::Release one;
  one.revision = 7;
  one.state = release::State::rolled_back;
  one.digest = release::digest_of(set);
  for (const kube::Object &object : set) one.objects.push_back(object.id);
  return one;
}

/// The whole entry of a set of the ConfigMap shop/m.
std::string entry_with(const std::string &digest, const std::string &data) {
  return R"({"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name": "hello-release-7", )"
         R"("namespace": "shop", "labels": {"app.kubernetes.io/managed-by": "hello", )"
         R"("app.kubernetes.io/component": "release", "hello/state": "rolled-back"}, )"
         R"("annotations": {"hello/digest": ")" +
         digest +
         R"(", "hello/objects": "v1 ConfigMap shop/m\n"}},"revision":7,"data":{"objects":[)" +
         data + "]}}";
}

struct Row {
  const char *behaviour, *yaml, *data, *digest;
};

const std::string kHead = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: shop}\n";

const Row kRows[] = {
    {"HTML's characters are escaped, in keys too",
     R"(data: {"<key>&": '<a href="x">&amp;</a>', plain: a > b && c < d}
)",
     R"({"apiVersion":"v1","data":{"\u003ckey\u003e\u0026":"\u003ca )"
     R"(href=\"x\"\u003e\u0026amp;\u003c/a\u003e","plain":"a \u003e b \u0026\u0026 c \u003c )"
     R"(d"},"kind":"ConfigMap","metadata":{"name":"m","namespace":"shop"}})",
     "12ae16dd1f9edf302ae771fa872f56062f3e079f6769108574ee203ca9a1fa7f"},
    {"line and paragraph separators are escaped",
     R"(data: {escaped: "a\u2028b\u2029c\Ld\Pe", literal: "a b c", plain: x y}
)",
     R"({"apiVersion":"v1","data":{"escaped":"a\u2028b\u2029c\u2028d\u2029e","literal":"a b )"
     R"(c","plain":"x y"},"kind":"ConfigMap","metadata":{"name":"m","namespace":"shop"}})",
     "cdb5538cec0988a34b87da3433825d61ce3e76ee87bb67bd5b55f2aa99f9d241"},
    {"keys are sorted by their bytes",
     R"(data: {Z: z, a: a, é: e, "10": ten, "9": nine, aa: aa, a.b/c: d, _: u, A: A, "~": )"
     R"(tilde, true: yes, 1: one, 0x10: hex, "a b": blank, "a\"b": quote, "a\tb": tab, "😀": )"
     R"(astral, "\uFFFD": replacement})"
     "\n",
     R"({"apiVersion":"v1","data":{"0x10":"hex","1":"one","10":"ten","9":"nine","A":"A",)"
     R"("Z":"z","_":"u","a":"a","a\tb":"tab","a b":"blank","a\"b":"quote","a.b/c":"d",)"
     R"("aa":"aa","true":"yes","~":"tilde","é":"e","�":"replacement","😀":"astral"},)"
     R"("kind":"ConfigMap","metadata":{"name":"m","namespace":"shop"}})",
     "d1e8601d5e2babf25945c7321050e8357cbcdcdcb1b6e392a62fdfdba7b08663"},
    {"whole numbers become decimal and keep every digit",
     R"(spec: [0, -0, +5, 007, 0644, -0644, 0o17, 0x1F, -0x1f, 9007199254740993, )"
     R"(9223372036854775807, -9223372036854775808, 18446744073709551615, )"
     R"(18446744073709551616, 123456789012345678901234567890, )"
     R"(-123456789012345678901234567890, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFFFF, 089, 00, )"
     R"(-00, +0])"
     "\n",
     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","namespace":"shop"},)"
     R"("spec":[0,0,5,7,420,-420,15,31,-31,9007199254740993,9223372036854775807,)"
     R"(-9223372036854775808,18446744073709551615,18446744073709551616,)"
     R"(123456789012345678901234567890,-123456789012345678901234567890,18446744073709551615,)"
     R"("0xFFFFFFFFFFFFFFFFFF","089",0,0,0]})",
     "e88a30ee9ce71c0a4dab8766db996ef238a1d23434cf4ad37fc862ad02d7b923"},
    {"numbers with a fraction or exponent get one form",
     R"(spec: [1e3, 1E3, 1e+3, 1e-3, 1.50, -0.0, 0.1, .5, 5., -.5, +1.5, 00.5, 1.0, 1.5e400,)"
     R"( 1e400, 0.1e05, 3.14159265358979323846, 1e03])"
     "\n",
     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","namespace":"shop"},)"
     R"("spec":[1.0e+3,1.0e+3,1.0e+3,1.0e-3,1.50,-0.0,0.1,0.5,5.0,-0.5,1.5,0.5,1.0,1.5e+400,)"
     R"(1.0e+400,0.1e+05,3.14159265358979323846,1.0e+03]})",
     "4582d97e0cd81c9f885f11d31e78c79f79b88a5b863172dce48ad8762b9dfd56"},
    {"null, empty maps, lists and strings stay apart",
     R"(data: {})"
     "\n"
     R"(spec: {tilde: ~, word: null, Word: Null, empty: , "quoted": "", list: [], map: {}, )"
     R"(nested: [[], [{}], {a: {}}, {b: []}, null]})"
     "\n",
     R"({"apiVersion":"v1","data":{},"kind":"ConfigMap","metadata":{"name":"m",)"
     R"("namespace":"shop"},"spec":{"Word":null,"empty":null,"list":[],"map":{},)"
     R"("nested":[[],[{}],{"a":{}},{"b":[]},null],"quoted":"","tilde":null,"word":null}})",
     "617d5f9d8d409b81dee43a46f25cd15c1d004cf2dfcf191d912138fed870d2cb"},
    {"strings that look like something else stay strings",
     R"(data: {octal: "0644", float: '1e3', bool: "true", none: "null", tilde: "~", yes: )"
     R"(yes, off: off, under: 1_000, sixty: 12:30:45, day: 2026-11-22, nines: 089, tagged: )"
     R"(!!str 5, two: 1.2.3, minus: -, dot: ., inf: "-.inf", big: )"
     R"("123456789012345678901234567890", minuszero: "-0", True: True, quantity: 100m})"
     "\n",
     R"({"apiVersion":"v1","data":{"True":true,"big":"123456789012345678901234567890",)"
     R"("bool":"true","day":"2026-11-22","dot":".","float":"1e3","inf":"-.inf","minus":"-",)"
     R"("minuszero":"-0","nines":"089","none":"null","octal":"0644","off":"off",)"
     R"("quantity":"100m","sixty":"12:30:45","tagged":"5","tilde":"~","two":"1.2.3",)"
     R"("under":"1_000","yes":"yes"},"kind":"ConfigMap","metadata":{"name":"m",)"
     R"("namespace":"shop"}})",
     "6961605c5fdac426b89e7bb9b5ac439bbd5ced8d1d00975faf3d82eb878a7add"},
    {"control characters, quotes and invisible characters",
     R"(data: {low: "\x01\a\b\t\n\v\f\r\e\x1f", del: "\x7f", c1: "\x80\N\x9f", space: "\_", )"
     R"(bom: "\uFEFF", end: "\uFFFE\uFFFF", quotes: "\"'`\\/", slash: 'a\b/c'})"
     "\n",
     R"({"apiVersion":"v1","data":{"bom":"\ufeff","c1":"\u0080\u0085\u009f","del":"\u007f",)"
     R"("end":"\ufffe\uffff","low":"\u0001\u0007\u0008\t\n\u000b\u000c\r\u001b\u001f",)"
     R"("quotes":"\"'`\\/","slash":"a\\b/c","space":" "},"kind":"ConfigMap",)"
     R"("metadata":{"name":"m","namespace":"shop"}})",
     "f18fcb4922a6afae24a0785dcc661e5da3b3a2054bf4aa8e8b1bef640067ece8"},
    {"characters beyond 16 bits stay, noncharacters are escaped",
     R"(data: {"😀": "é€😀", escaped: "\U0001F600", non: "\U0001FFFF\U0010FFFF", accents: "é )"
     R"(é", surrogate: "\uD7FF\uE000"})"
     "\n",
     R"({"apiVersion":"v1","data":{"accents":"é é","escaped":"😀",)"
     R"("non":"\ud83f\udfff\udbff\udfff","surrogate":"퟿","😀":"é€😀"},"kind":"ConfigMap",)"
     R"("metadata":{"name":"m","namespace":"shop"}})",
     "70cd87d3d3ad11cdaa2a22e425a1e8327d09be6d447f1b6ed38792dbd08ce606"},
    {"texts of several lines",
     R"(data:
  literal: |
    one
      two

    three
  kept: |+
    end

  folded: >-
    one
    two

    three
  plain: several
    lines
  quoted: "a\
    b
    c"
  json: |
    {"a": "<b>", "c": [1, 2]}
)",
     R"({"apiVersion":"v1","data":{"folded":"one two\nthree","json":"{\"a\": )"
     R"(\"\u003cb\u003e\", \"c\": [1, 2]}\n","kept":"end\n\n","literal":"one\n  )"
     R"(two\n\nthree\n","plain":"several lines","quoted":"ab c"},"kind":"ConfigMap",)"
     R"("metadata":{"name":"m","namespace":"shop"}})",
     "8ccca06e396d406e9c726d60dbd47e3e9e2c60ee07ef745c47c35de433845281"},
    {"aliases are written out",
     R"(one: &x {b: 2, a: [1, "2", &y three]}
two: *x
three: *y
)",
     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","namespace":"shop"},)"
     R"("one":{"a":[1,"2","three"],"b":2},"three":"three","two":{"a":[1,"2","three"],"b":2}})",
     "7f850dc4f5c47a43a5b66c15a6053f845fc17b3387ca93dab82bef7080734512"},
};

const std::string kSeveral = R"(apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: shop}
data: {password: c2VjcmV0}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello, namespace: shop}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - {name: hello, image: "hello:1", args: ["--x=<y>"], resources: {limits: {cpu: 0.5}}}
)";

} // namespace

TEST_CASE("release: entries and digests are those of 0.1.0, byte for byte") {
  for (const Row &row : kRows) {
    CAPTURE(row.behaviour);
    const release::Set set = cli::set_of(read(kHead + row.yaml));
    CHECK(release::digest_of(set) == row.digest);
    CHECK(release::entry_of(release_with(set), set, "shop") == entry_with(row.digest, row.data));
  }
}

TEST_CASE("release: an entry's set that comes back from the cluster is written the same again") {
  for (const Row &row : kRows) {
    CAPTURE(row.behaviour);
    const json::Value entry = json::parse(entry_with(row.digest, row.data), "entry");
    release::Set set;
    for (const json::Value &object : entry.at("data", "objects").items())
      set.push_back({kube::id_of(object), object});
    CHECK(release::digest_of(set) == row.digest);
    CHECK(release::entry_of(release_with(set), set, "shop") == entry_with(row.digest, row.data));
    const std::string printed = manifest::to_yaml(cli::objects_of(set)); // hello history N
    CHECK(release::digest_of(cli::set_of(read(printed))) == row.digest);
  }
}

TEST_CASE("release: an entry names Secrets and does not hold them, and keeps all facts") {
  const release::Set set = cli::set_of(read(kSeveral));
  release::Release one = release_with(set);
  one.who = "a\"b<c>&\\d";
  one.from = "x\ty\n";
  one.image = "hello:1";
  one.source = "\u2028\u0085\U0001F600";
  one.note = "rollback to 3";
  CHECK(one.digest == "787e2111d57420ca77b4b1b0f01097c139a9667cc38cdd19dd9741d60b8c2c6c");
  CHECK(
      release::entry_of(one, set, "shop") ==
      R"({"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name": "hello-release-7", )"
      R"("namespace": "shop", "labels": {"app.kubernetes.io/managed-by": "hello", )"
      R"("app.kubernetes.io/component": "release", "hello/state": "rolled-back"}, )"
      R"("annotations": {"hello/who": "a\"b<c>&\\d", "hello/from": "x\ty\n", )"
      R"("hello/image": "hello:1", "hello/source": "\u2028\u0085😀", "hello/note": "rollback to 3", )"
      R"("hello/digest": "787e2111d57420ca77b4b1b0f01097c139a9667cc38cdd19dd9741d60b8c2c6c", )"
      R"("hello/objects": "v1 Namespace /shop\nv1 Secret shop/s\napps/v1 Deployment shop/hello\n"}},)"
      R"("revision":7,"data":{"objects":[)"
      R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}},)"
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"hello","namespace":"shop"},)"
      R"("spec":{"replicas":2,"template":{"spec":{"containers":[{"args":["--x=\u003cy\u003e"],)"
      R"("image":"hello:1","name":"hello","resources":{"limits":{"cpu":0.5}}}]}}}}]}})");
}

TEST_CASE("release: a set of Secrets alone has an empty entry and the digest of nothing") {
  const release::Set set =
      cli::set_of(read("apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\n"));
  release::Release one = release_with(set);
  one.who = "ci";
  CHECK(one.digest == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(
      release::entry_of(one, set, "shop") ==
      R"({"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name": "hello-release-7", )"
      R"("namespace": "shop", "labels": {"app.kubernetes.io/managed-by": "hello", )"
      R"("app.kubernetes.io/component": "release", "hello/state": "rolled-back"}, )"
      R"("annotations": {"hello/who": "ci", )"
      R"("hello/digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", )"
      R"("hello/objects": "v1 Secret shop/s\n"}},"revision":7,"data":{"objects":[]}})");
}

TEST_CASE("release: what is no text or no JSON number is refused before it gets into a set") {
  CHECK_THROWS_WITH(read("a: \"x\xff\""), "set:1:6: invalid UTF-8 (byte 0xFF)");
  CHECK_THROWS_WITH(read("a: \"x\\0\""), "set:1:4: a NUL (\\0): text cannot carry one");
  CHECK_THROWS_WITH(read("a: \"\\uD800\""), "set:1:11: invalid unicode: 55296");
  CHECK_THROWS_WITH(cli::set_of(read("a: .inf")), "value:1:4: .inf is no number that JSON can say");
}

TEST_CASE("release: facts that are not UTF-8 make an entry that is") {
  const release::Set set = cli::set_of(read(kHead));
  release::Release one = release_with(set);
  one.from = "x\xff\xc3(\n"; // of BUILD_URL
  const json::Value entry = json::parse(release::entry_of(one, set, "shop"), "entry");
  CHECK(entry.text("metadata", "annotations", "hello/from") == "x\xEF\xBF\xBD\xEF\xBF\xBD(\n");
}
