#pragma once
#include <chrono>
#include <cstdint>
#include <ctime>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hello/config.h"
#include "hello/http_client.h"
#include "hello/http_send.h"
#include "hello/kube.h"

/// `hello check`: whether a normal service would work on a cluster. docs/check.md describes what
/// each check proves.
namespace hello::check {

enum class Verdict : std::uint8_t {
  pass,
  warn,
  fail,
  skip,         ///< not installed, not permitted, not applicable, or what it needs has failed
  inconclusive, ///< the instrument failed, so nothing is known; never as good as pass
};
std::string_view word(Verdict verdict);

/// Something that was measured.
struct Figure {
  std::string_view name, unit; ///< "p99", "us"
  std::int64_t value = 0;
  std::int64_t floor = 0; ///< `compare` passes over changes below it
};

/// One line of printable text without secrets, at most 2 KiB: what a report may hold of a text that
/// comes from elsewhere.
std::string tidied(std::string_view text);

/// How one check ended. Texts of the cluster are escaped and bounded before a listener gets them.
struct Outcome {
  Verdict verdict = Verdict::pass;
  std::string cause{}; ///< a word that does not change: "LookupsLost"; empty for a pass
  std::string what{};  ///< one sentence
  std::vector<std::string> evidence{};
  std::string advice{}; ///< what to do next; may be empty
  std::vector<Figure> figures{};
};

struct Result {
  std::string_view name;
  Outcome outcome;
  std::chrono::milliseconds time{};
};

enum class Tier : std::uint8_t {
  core,  ///< runs without a flag
  full,  ///< with --full
  named, ///< only if --only names it
};

/// What `hello check --list` says of a check.
struct Info {
  std::string_view name;
  Tier tier;
  std::string_view needs; ///< a check that must not have failed before; may be empty
  std::string_view proves;
  int seconds; ///< that it usually takes
};
/// In the order in which they run.
std::vector<Info> all_checks();

/// Asks `address`:`port` for `target` with this Host. Tests put a fake in its place.
using Ask = sys::HttpReply (*)(const std::string &address, int port, const std::string &host,
                               const std::string &target);
sys::HttpReply ask_over_tcp(const std::string &address, int port, const std::string &host,
                            const std::string &target);

/// GET of an https:// URL at an address. Tests put a fake in its place.
using AskTls = sys::HttpReply (*)(const std::string &url, const std::string &address,
                                  std::chrono::milliseconds timeout, sys::Certificate certificate);

/// A request with headers and a body to an URL at an address. Tests put a fake in its place.
using Send = sys::HttpReply (*)(const std::string &url, const std::string &address,
                                sys::Certificate certificate, const sys::HttpRequest &request,
                                bool *kept);

/// GET of a log store's URL with a header. Tests put a fake in its place.
using Get = sys::HttpReply (*)(const std::string &url, const std::string &header,
                               std::chrono::milliseconds timeout);

struct Options {
  std::vector<std::string> only, skip, require; ///< names of checks
  bool strict = false;                          ///< a warning counts as a failure
  bool full = false;
  std::chrono::milliseconds timeout{std::chrono::minutes(15)}; ///< for the checks
  std::vector<std::string> namespaces;                         ///< two prepared ones, or none
  std::string run;                                             ///< id; empty: a random one
  Ask ask = ask_over_tcp;
  AskTls ask_tls = sys::http_get_at;
  Send send = sys::http_send_at;
  Get get = sys::http_get_with;
};

/// The names of the checks that the options choose, in the order in which they run. Throws
/// Error(Exit::usage) for an unknown name, or if --namespaces does not name two.
std::vector<std::string_view> chosen(const Options &options);

struct Report {
  std::string run, context, server; ///< server: its version
  std::time_t started = 0;
  std::chrono::milliseconds time{};
  std::vector<std::string> namespaces;
  std::vector<Result> results;
  std::vector<std::string> left; ///< what could not be removed
  bool api_lost = false;         ///< no answer, after there had been some
  Exit exit = Exit::ok;
};

/// What a report says as a whole.
struct Summary {
  std::string counts;  ///< "9 pass, 1 fail"
  std::string meaning; ///< "a normal service works on this cluster"
};
Summary summary(const Report &report);

/// What happens meanwhile. Main thread.
class Listener {
public:
  virtual ~Listener() = default;
  /// The checks start; Report::namespaces are about to be made.
  virtual void began(const Report &) {}
  virtual void doing(std::string_view check, std::string_view what) = 0;
  virtual void ended(const Result &result) = 0;
  /// All is known but what cannot be removed; the removal comes next, and may take minutes.
  virtual void judged(const Report &) {}
};

/// Runs the checks, and removes all that they made. After a signal the checks that have not ended
/// are inconclusive, and Report::exit is the signal's. Throws Error(Exit::cluster) if the API
/// server never answered, chosen()'s errors, and Error(Exit::invalid) for settings that contradict
/// each other; nothing has been made then.
Report run(kube::Cluster &cluster, const config::Config &user, const Options &options,
           Listener &listener);

/// What the nodes that a pod may use have left.
struct Room {
  bool known = false; ///< nodes and all pods could be listed
  int nodes = 0;
  std::int64_t milli_cpu = 0, memory_mb = 0; ///< allocatable and not requested, together
  int pods = 0;                              ///< how many of these pods fit
};

/// What a run would do.
struct Plan {
  std::vector<std::string_view> checks;
  std::vector<std::string> objects;          ///< "Deployment/check-steady in hello-check-…-a"
  std::vector<std::string> left_out;         ///< settings that the user gave and the check ignores
  std::vector<std::string> rights;           ///< "create pods in both namespaces"
  std::int64_t milli_cpu = 0, memory_mb = 0; ///< requests of all pods together
  int pods = 0, seconds = 0;
  Room room{};
};
/// Only reads: nodes, and the requests of all pods.
Plan plan(kube::Cluster &cluster, const config::Config &user, const Options &options);

/// Removes what earlier runs have left and whose time is over, in namespaces of their own, or in
/// `namespaces`; `name` is a run that need not be over, or a namespace of its own. Returns what was
/// removed; what could not be, with the reason, goes to `left`.
std::vector<std::string> clean_up(kube::Cluster &cluster, std::span<const std::string> namespaces,
                                  const std::string &name, std::vector<std::string> &left);

/// The report as one JSON object; docs/check.schema.json describes it.
std::string to_json(const Report &report);
/// The same as JUnit's XML.
std::string to_junit(const Report &report);
/// The same as one self-contained page.
std::string to_html(const Report &report);

/// How a newer report differs from an older one, in lines for people. Sets `worse` if a check's
/// verdict is. Throws Error(Exit::invalid) if one is no report.
std::vector<std::string> compare(const json::Value &before, const json::Value &after, bool &worse);

} // namespace hello::check
