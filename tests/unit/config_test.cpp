#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include "config/environment.h"
#include "config/typed.h"
#include "hello/config.h"
#include "hello/error.h"
#include "hello/yaml.h"

using namespace hello;
using config::Config;
using config::From;

namespace {

/// A directory with a hello.yaml, gone with the test.
struct Folder {
  std::string path, file;
  explicit Folder(std::string_view yaml) {
    char name[] = "/tmp/hello-config-XXXXXX";
    path = ::mkdtemp(name);
    file = path + "/hello.yaml";
    std::ofstream(file, std::ios::binary) << yaml;
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

config::Assignment set(std::string key, std::string value) { return {key, value, "--set " + key}; }

/// A Config from the text of a file and the rest; the file is called hello.yaml in errors.
Config load(std::string_view yaml, config::Sources sources = {}) {
  Folder folder(yaml);
  sources.files = {folder.file};
  return Config::load(sources);
}

std::string error_of(std::string_view yaml, config::Sources sources = {}) {
  Folder folder(yaml);
  sources.files = {folder.file};
  try {
    Config::load(sources);
  } catch (const Error &error) {
    CHECK(error.code() == Exit::invalid);
    std::string what = error.what();
    for (std::size_t at; (at = what.find(folder.path + "/")) != what.npos;)
      what.erase(at, folder.path.size() + 1);
    return what;
  }
  return "no error";
}

} // namespace

TEST_CASE("config: with nothing, the defaults hold") {
  Config config = load("");
  CHECK(config.text("messages") == "Hello, World!");
  CHECK(config.text("namespace.name") == "hello");
  CHECK(config.boolean("autoscaling.enabled"));
  CHECK(config.origin("messages").from == From::default_value);
  CHECK(config.kube_context().empty());
  CHECK(load("# only a comment\n").integer("replicas") == config.integer("replicas"));
  CHECK(load("---\nautoscaling:\n").warnings().empty());
}

TEST_CASE("config: flags beat environment beats context overlay beats file beats default, and each "
          "value knows its origin") {
  std::string file = "replicas: 3\ncontexts:\n  prod:\n    replicas: 4\n    kubeContext: real\n  "
                     "other: {replicas: 9}\n";
  config::Sources sources;
  auto check = [&](int value, From from, std::string_view where) {
    Config config = load(file, sources);
    CHECK(config.integer("replicas") == value);
    CHECK(config.origin("replicas").from == from);
    CHECK(config.origin("replicas").where.ends_with(where));
  };
  check(3, From::file, "hello.yaml:1:1");
  sources.context = "prod";
  check(4, From::context, "hello.yaml:4:5");
  CHECK(load(file, sources).kube_context() == "real");
  sources.environment["HELLO_REPLICAS"] = "5";
  check(5, From::environment, "HELLO_REPLICAS");
  sources.set = {set("replicas", "6")};
  check(6, From::flag, "--set replicas");
  sources.context = "elsewhere";
  Config config = load(file, sources);
  CHECK(config.context() == "elsewhere");
  CHECK(config.kube_context() == "elsewhere");
  REQUIRE(config.warnings().size() == 1);
  CHECK(config.warnings()[0].find("no contexts.elsewhere") != std::string::npos);
}

TEST_CASE("config: a.name has the short form a, in the file, the environment and --set") {
  CHECK(load("namespace: web").text("namespace.name") == "web");
  CHECK(load("namespace: {name: web, create: false}").text("namespace.name") == "web");
  config::Sources sources;
  sources.environment["HELLO_NAMESPACE"] = "env";
  CHECK(load("", sources).text("namespace.name") == "env");
  sources.set = {set("namespace", "flag")};
  CHECK(load("", sources).text("namespace.name") == "flag");
  sources.set = {set("namespace", "{name: whole, create: false}")};
  CHECK(load("", sources).text("namespace.name") == "whole");
  CHECK_FALSE(load("", sources).boolean("namespace.create"));
}

TEST_CASE("config: a release's name is a DNS label of at most 40 that begins with a letter, and no "
          "reserved word") {
  for (const std::string &good : {std::string("a"), std::string("web-1"), std::string("handovers"),
                                  std::string("my-default-deny"), std::string(40, 'x')}) {
    CAPTURE(good);
    CHECK(load("", {.set = {set("name", good)}}).text("name") == good);
  }
  for (const std::string &bad :
       {std::string(""), std::string("1a"), std::string("-a"), std::string("a-"), std::string("A"),
        std::string("a.b"), std::string("a_b"), std::string(41, 'x'), std::string("handover"),
        std::string("default-deny"), std::string("shared"), std::string("web-handover")}) {
    CAPTURE(bad);
    CHECK(error_of("", {.set = {set("name", bad)}}).find("release name") != std::string::npos);
  }
}

TEST_CASE("config: default hosts have the release's name; hosts that are set stay") {
  const auto hosts = [](std::string_view yaml) {
    const Config config = load(yaml);
    return yaml::to_json(config.node("ingress.hosts")) + " " +
           yaml::to_json(config.node("gateway.hostnames"));
  };
  CHECK(hosts("") == R"(["hello.localhost"] ["hello.localhost"])");
  CHECK(hosts("name: web") == R"(["web.localhost"] ["web.localhost"])");
  CHECK(hosts("name: web\ningress: {hosts: [a.test]}") == R"(["a.test"] ["web.localhost"])");
  CHECK(load("name: web").origin("ingress.hosts").from == From::default_value);
}

TEST_CASE("config: a text takes its scalar literally, so that no stays no") {
  for (std::string text : {"true", "no", "8080", "1e3", "0o14", "0x1F", "1_000", "2026-11-22",
                           "12:30:45", ".inf", "1.10"}) {
    CHECK(load("messages: " + text).text("messages") == text);
    config::Sources sources;
    sources.set = {set("messages", text)};
    CHECK(load("", sources).text("messages") == text);
  }
  config::Sources sources;
  sources.set = {set("messages", "a,b=c\\n{{ x }} ~ null\n")};
  CHECK(load("", sources).text("messages") == "a,b=c\\n{{ x }} ~ null\n");
  sources.set = {set("messages", "~")};
  CHECK(load("", sources).text("messages") == "~");
  CHECK(load("messages: ''").text("messages").empty());
}

TEST_CASE("config: mistakes are named with place, reason and nearest key") {
  CHECK(error_of("a: 1\nb:\n  c: 2\nreplcas: 3\n") == "hello.yaml:1:1: unknown key 'a'");
  CHECK(error_of("replcas: 3\n") ==
        "hello.yaml:1:1: unknown key 'replcas' (did you mean replicas?)");
  CHECK(error_of("autoscaling:\n  maxReplica: 3\n") ==
        "hello.yaml:2:3: unknown key 'autoscaling.maxReplica' (did you mean maxReplicas?)");
  CHECK(error_of("maxReplicas: 3\n") ==
        "hello.yaml:1:1: unknown key 'maxReplicas' (did you mean autoscaling.maxReplicas?)");
  CHECK(error_of("context: {}") ==
        "hello.yaml:1:1: unknown key 'context' (did you mean contexts?)");
  CHECK(error_of("replicas: many") == "hello.yaml:1:11: replicas: 'many' is not a whole number");
  CHECK(error_of("replicas: \"3\"") ==
        "hello.yaml:1:11: replicas: \"3\" is a text: write it without quotes");
  CHECK(error_of("replicas: -1") == "hello.yaml:1:11: replicas: -1 is out of range: 0 to 1000");
  CHECK(error_of("replicas: 99999999999999999999") ==
        "hello.yaml:1:11: replicas: '99999999999999999999' is not a whole number");
  CHECK(error_of("replicas: 1.5") == "hello.yaml:1:11: replicas: '1.5' is not a whole number");
  CHECK(error_of("image:\n") ==
        "hello.yaml:1:1: image: cannot be null: a container must have an image");
  CHECK(error_of("replicas: [1]") ==
        "hello.yaml:1:11: replicas: is a list here, and must be one value");
  CHECK(error_of("labels: [a]\n") == "hello.yaml:1:9: labels: is a list here, and must be a map");
  CHECK(error_of("args: {a: b}\n") == "hello.yaml:1:7: args: is a map here, and must be a list");
  CHECK(error_of("resources: {cpu: 1}\n") == "hello.yaml:1:13: unknown key 'resources.cpu' (did "
                                             "you mean resources.requests.cpu?)");
  CHECK(error_of("resources: {limits: {cpu: 010}}\n").find("begins with a zero") !=
        std::string::npos);
  CHECK(error_of("ports: [{nme: a}]\n") ==
        "hello.yaml:1:8: ports: has an unknown key: nme (did you mean name?)");
  CHECK(error_of("ingress: {rules: [a]}\n") ==
        "hello.yaml:1:18: ingress.rules: must be a list of maps of host|paths|secretName");
  CHECK(error_of("drills: {protectedContexts: [{}]}\n").find("list of texts") != std::string::npos);
  CHECK(error_of("autoscaling: true") ==
        "hello.yaml:1:14: autoscaling has keys of its own: enabled, …");
  CHECK(error_of("autoscaling: {enabled: yes}") ==
        "hello.yaml:1:24: autoscaling.enabled: 'yes' is not true or false");
  CHECK(error_of("imagePullPolicy: always") == "hello.yaml:1:18: imagePullPolicy: invalid value "
                                               "'always': use Always, IfNotPresent or Never");
  CHECK(error_of("messages: a\nmessages: b\n") ==
        "hello.yaml:2:1: duplicate key 'messages' (first at line 1, column 1)");
  for (const char *bad : {"a@sha256:abc", "Not/Valid", "a b", "'a:'", "/a", "a/", "a:-x", "''",
                          "a//b", "a..b", "a___b", "a._b"})
    CHECK(error_of(std::string("image: ") + bad).find("hello.yaml:1:8: image: ") == 0);
  for (const char *good : {"a", "A.b:5000/c/d__e--f:V_1.2-x", "localhost/a", "[::1]:5000/a"})
    CHECK(error_of(std::string("image: \"") + good + "@sha256:" + std::string(64, 'a') + "\"") ==
          "no error");
  // A digest that is cut or glued together names no image.
  for (const auto &[kind, digits] :
       {std::pair("256:", 63), std::pair("256:", 65), std::pair("512:", 64)})
    CHECK(error_of("image: a@sha" + std::string(kind) + std::string(digits, 'a'))
              .find("hello.yaml:1:8: image: ") == 0);
  CHECK(error_of("image: a@sha512:" + std::string(128, 'a')) == "no error");
  for (const char *key : {"strategy: {maxUnavailable: ", "podDisruptionBudget: {minAvailable: "})
    for (const auto &[count, good] :
         {std::pair("100%", true), std::pair("101%", false), std::pair("200", true)})
      CHECK((error_of(key + std::string(count) + "}") == "no error") == good);
  CHECK(error_of("strategy: {maxSurge: 200%}") == "no error");
  CHECK(error_of("namespace: Up_per")
            .find("hello.yaml:1:12: namespace.name: 'Up_per' is not a valid DNS label: ") == 0);
  for (const char *number : {"010", "08", "00"})
    CHECK(error_of(std::string("replicas: ") + number)
              .find("hello.yaml:1:11: replicas: '" + std::string(number) +
                    "' begins with a zero") == 0);
  CHECK(error_of("- a") == "hello.yaml:1:1: the file must be a map of keys: lines of 'key: value'");
  CHECK(error_of("contexts: [a]") == "hello.yaml:1:11: contexts must be a map of overlays");
  CHECK(error_of("contexts: {prod: {replcas: 1}}") ==
        "hello.yaml:1:19: unknown key 'replcas' (did you mean replicas?)");
  CHECK(error_of("contexts: {prod: {contexts: {}}}").find("unknown key 'contexts'") !=
        std::string::npos);
  CHECK(error_of("messages: \"a\\0b\"") == "hello.yaml:1:11: a NUL (\\0): text cannot carry one");
}

TEST_CASE("config: for flags and environment the place is the flag or the variable") {
  config::Sources sources;
  sources.set = {set("replicas", "many")};
  CHECK(error_of("", sources) == "--set replicas: 'many' is not a whole number");
  sources.set = {set("replicas", "010")};
  CHECK(error_of("", sources).find("--set replicas: '010' begins with a zero") == 0);
  sources.set = {set("replcas", "3")};
  CHECK(error_of("", sources) == "--set replcas: unknown key 'replcas' (did you mean replicas?)");
  sources.set = {set("autoscaling", "{maxReplica: 3}")};
  CHECK(error_of("", sources) ==
        "--set autoscaling:1:2: unknown key 'autoscaling.maxReplica' (did you mean maxReplicas?)");
  sources.set = {set("ingress.hosts", "a, b")};
  CHECK(error_of("", sources) == "--set ingress.hosts: 'a, b' is not a list: write [a, b]");
  sources.set = {set("messages", std::string("a\0b", 3))};
  CHECK(error_of("", sources) == "--set messages: a NUL byte: text cannot carry one");
  sources.set = {set("messages", "a\xFF")};
  CHECK(error_of("", sources) == "--set messages: invalid UTF-8 (byte 0xFF at offset 1)");
  sources.set = {
      {"messages", "/nonexistent/x", "--set-file messages", config::Assignment::How::file}};
  CHECK(error_of("", sources) == "cannot read /nonexistent/x: No such file or directory");
  sources.set.clear();
  sources.environment["HELLO_REPLICAS"] = "";
  CHECK(error_of("", sources) == "HELLO_REPLICAS: '' is not a whole number");
}

TEST_CASE("config: a list, map or section in --set is YAML flow") {
  config::Sources sources;
  sources.set = {set("ingress.hosts", "[a.example, b.example]"),
                 set("autoscaling", "{maxReplicas: 7, enabled: false}")};
  Config config = load("", sources);
  CHECK(config.node("ingress.hosts").size() == 2);
  CHECK(config.integer("autoscaling.maxReplicas") == 7);
  CHECK_FALSE(config.boolean("autoscaling.enabled"));
}

TEST_CASE("config: in a list of texts each item is one, as Kubernetes wants it") {
  CHECK(yaml::to_json(load("args: [1.50, true, no]").node("args")) == R"(["1.50", "true", "no"])");
  CHECK(error_of("ingress: {hosts: [{a: b}]}") ==
        "hello.yaml:1:18: ingress.hosts: must be a list of texts");
  CHECK(error_of("args: [null]") == "hello.yaml:1:7: args: must be a list of texts");
  CHECK(error_of("ingress: {hosts: [https://a.example]}")
            .find(":1:18: ingress.hosts: 'https://a.example' is not a valid host name") !=
        std::string::npos);
  for (const char *bad : {"A.example", "a.example.", "bücher.example", "a:80", "a/b", "*", "a.*.b",
                          "10.0.0.1", "a..b"})
    for (const char *key : {"ingress: {hosts: ['", "gateway: {hostnames: ['"})
      CHECK_MESSAGE(error_of(std::string(key) + bad + "']}") != "no error", bad);
  for (const char *good :
       {"a", "*.a.example", "xn--bcher-kva.example", "1.2.3.4.example", "1.5", "10.0.0.1a"})
    CHECK_MESSAGE(error_of("ingress: {hosts: ['" + std::string(good) + "']}") == "no error", good);
  CHECK(error_of("ingress: {paths: [a]}") != "no error");
  CHECK(error_of("loadBalancer: {sourceRanges: [10.0.0.1]}") != "no error");
  CHECK(error_of("loadBalancer: {sourceRanges: [10.0.0.0/8, 'fd00::/8']}") == "no error");
  CHECK(error_of("imagePullSecrets: [{name: a}]") != "no error");
}

TEST_CASE("config: --set-file takes a message's bytes, and other values without a BOM and a final "
          "newline") {
  Folder folder("\xEF\xBB\xBFone\ntwo\r\n");
  const auto from_file = [&](const char *key) {
    config::Sources sources;
    sources.set = {
        {key, folder.file, std::string("--set-file ") + key, config::Assignment::How::file}};
    return load("", sources).text(key);
  };
  CHECK(from_file("messages") == "\xEF\xBB\xBFone\ntwo\r\n");
  CHECK(from_file("ingress.tls.issuer") == "one\ntwo");
  std::ofstream(folder.file, std::ios::binary) << "one\r";
  CHECK(from_file("ingress.tls.issuer") == "one\r");
}

TEST_CASE("config: variables of Kubernetes' service links are never ours; a typo is a warning") {
  config::Sources sources;
  for (const char *name : {"HELLO_PORT", "HELLO_SERVICE_HOST", "HELLO_SERVICE_PORT",
                           "HELLO_SERVICE_PORT_HTTP", "HELLO_PORT_80_TCP", "HELLO_PORT_80_TCP_ADDR",
                           "HELLO_ADMIN_PORT", "HELLO_ADMIN_SERVICE_HOST"})
    sources.environment[name] = "tcp://10.0.0.1:80";
  CHECK(load("", sources).warnings().empty());
  sources.environment["HELLO_REPLICSA"] = "1";
  Config config = load("", sources);
  REQUIRE(config.warnings().size() == 1);
  CHECK(config.warnings()[0] == "unknown variable HELLO_REPLICSA (did you mean HELLO_REPLICAS?)");
}

TEST_CASE("config: names of variables") {
  CHECK(config::environment_name("autoscaling.maxReplicas") == "HELLO_AUTOSCALING_MAX_REPLICAS");
  CHECK(config::environment_name("resources.requests.ephemeral-storage") ==
        "HELLO_RESOURCES_REQUESTS_EPHEMERAL_STORAGE");
  CHECK(config::environment_name("a.targetCPU") == "HELLO_A_TARGET_CPU");
  CHECK(config::environment_name("port").empty());
  CHECK(config::environment_name("service.host").empty());
}

TEST_CASE("config: durations and quantities") {
  const auto seconds = [](const std::string &text) {
    return load("grace: '" + text + "'").duration("grace").count();
  };
  CHECK(seconds("90") == 90);
  CHECK(seconds("1h30m5s") == 5405);
  CHECK(seconds("2000ms") == 2);
  CHECK(seconds("0") == 0);
  for (const char *bad : {"", "s", "5x", "1.5h", "-5s", "500ms", " 5s", "5 s", "5s3",
                          "99999999999999999999s", "9999999999999h"})
    CHECK_MESSAGE(error_of("grace: '" + std::string(bad) + "'") != "no error", bad);
  const auto quantity = [](const std::string &text) {
    return error_of("tmp: {sizeLimit: '" + text + "'}") == "no error";
  };
  for (const char *good : {"100m", "1", "0.5", "64Mi", "1e3", "1E-2", "5E", "5Ei", "1.", ".5", "0"})
    CHECK_MESSAGE(quantity(good), good);
  for (const char *bad :
       {"", "m", "-1", "-0", "+1", "1 Gi", "1gb", "1KiB", "e3", "1e", ".", "1e3333", "Mi64"})
    CHECK_MESSAGE(!quantity(bad), bad);
}

TEST_CASE("config: the table holds together") {
  std::set<std::string> keys, variables;
  for (const config::Setting &setting : config::settings()) {
    CAPTURE(setting.key);
    CHECK(keys.insert(std::string(setting.key)).second);
    std::string variable = config::environment_name(setting.key);
    if (!variable.empty()) CHECK(variables.insert(variable).second);
    CHECK_FALSE(setting.doc.empty());
    if (const config::Kind kind = setting.type.kind;
        kind == config::Kind::integer || kind == config::Kind::duration)
      CHECK_MESSAGE(setting.type.min < setting.type.max, "a number without limits");
    if (setting.type.kind == config::Kind::choice) CHECK_FALSE(setting.type.choices.empty());
    const auto &[expression, words, reason] = setting.type.pattern;
    CHECK(expression.empty() == words.empty());
    CHECK_NOTHROW(std::regex(std::string(expression), std::regex::ECMAScript));
    std::string text(setting.default_value);
    if (const auto at = text.find(config::kReleaseName); at != text.npos)
      text.replace(at, config::kReleaseName.size(), "web");
    if (!text.empty()) CHECK_NOTHROW(config::from_text(setting, text, setting.key));
    for (const config::Setting &other : config::settings())
      CHECK_MESSAGE(!other.key.starts_with(std::string(setting.key) + "."),
                    "a key cannot be a section too: ", other.key);
    CHECK(setting.key != "contexts");
  }
}
