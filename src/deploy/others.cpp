#include "deploy/others.h"

#include <algorithm>

#include <fmt/core.h>

#include "deploy/main_deployment.h"
#include "hello/readiness.h"

namespace hello::deploy {
namespace {

using namespace std::chrono_literals;
using State = kube::Readiness::State;

constexpr auto kUnknown = 5s;   ///< how long a condition may take to come
constexpr auto kSilence = 2s;   ///< before it says what it waits for
constexpr auto kCounting = 10s; ///< before it says that only numbers have changed

std::string without_digits(std::string text) {
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text;
}

bool is_over(const kube::Readiness &readiness) {
  return readiness.over() && readiness.state != State::unknown;
}

/// Whether report() warns of it: the first of some kinds.
bool is_reported(const std::vector<kube::Id> &ids, const kube::Id &id) {
  if (id.kind != "Service" && id.kind != "Ingress" && id.kind != "HorizontalPodAutoscaler")
    return false;
  return *std::find_if(ids.begin(), ids.end(),
                       [&](const kube::Id &one) { return one.kind == id.kind; }) == id;
}

} // namespace

Others::Others(kube::Cluster &cluster, const Applied &applied, const Listener &emit)
    : cluster_(cluster), emit_(emit), start_(cluster.now()), next_(start_) {
  for (const kube::Id &id : applied.others) {
    const auto answer = applied.objects.find(id);
    const bool known = answer != applied.objects.end();
    const bool warns = !is_reported(applied.others, id);
    if (known)
      if (const kube::Readiness now = kube::readiness(answer->second);
          is_over(now) && (now.state != State::warning || !warns))
        continue;
    const bool may_go = !known || answer->second.at("spec").find("ttlSecondsAfterFinished");
    pending_.push_back({id, id.kind == "Job" && may_go, warns});
  }
}

const std::vector<kube::Problem> &Others::look() {
  if (cluster_.now() < next_) return problems_;
  problems_.clear();
  for (Pending &one : pending_) look_at(one);
  std::erase_if(pending_, [](const Pending &one) { return one.over; });
  next_ = cluster_.now() + 1s;
  return problems_;
}

void Others::look_at(Pending &one) {
  const auto live = cluster_.read(one.id);
  if (live.failed_with(kube::Trouble::forbidden)) {
    emit_(event::Warning{one.id.text(),
                         "whether it is ready may not be read: " +
                             kube::explain(live.failure(), "read it", cluster_.access()).hint()});
    one.over = true;
    return;
  }
  if (!live && !live.failure().absent()) return; // the API server is away for a moment
  if (!live) {
    one.over = one.may_go;
    one.text = "it was removed while hello waited";
    if (!one.over)
      problems_.push_back({kube::Cause::failed, one.id.kind, one.id.name, "", one.text, "", true});
    return;
  }
  kube::Look look = kube::look_closer(cluster_, one.id, *live);
  one.over = is_over(look.readiness);
  if (look.readiness.state == State::unknown) {
    if (one.unknown_since == sys::Deadline{}) one.unknown_since = cluster_.now();
    one.over = cluster_.now() - one.unknown_since >= kUnknown;
    if (one.over) emit_(event::Note{fmt::format("{}: {}", one.id.text(), look.readiness.text)});
  } else {
    say(one, look.readiness);
  }
  if (look.readiness.state == State::warning && one.warns)
    emit_(
        event::Warning{one.id.text(), look.readiness.evidence.empty()
                                          ? look.readiness.text
                                          : look.readiness.text + ": " + look.readiness.evidence});
  if (look.last_words && !look.last_words->empty()) one.last_words = std::move(*look.last_words);
  for (kube::Problem &problem : look.problems) {
    if (problem.cause == kube::Cause::failed && !problem.log && !one.last_words.empty())
      problem.log = one.last_words;
    problems_.push_back(std::move(problem));
  }
}

void Others::say(Pending &one, const kube::Readiness &now) {
  const auto time = cluster_.now();
  one.text = now.text;
  one.evidence = now.evidence;
  if (one.over || time - start_ < kSilence || one.said == one.text) return;
  // a thousand pods that come up one by one would be a thousand lines
  if (without_digits(one.said) == without_digits(one.text) &&
      time - one.said_at < std::max<sys::Clock::duration>(kCounting, one.said_at - start_))
    return;
  one.said = one.text;
  one.said_at = time;
  emit_(event::Note{fmt::format("waiting for {}: {}", one.id.text(), one.text)});
}

std::vector<kube::Problem> Others::unready() const {
  std::vector<kube::Problem> found = problems_;
  for (const Pending &one : pending_)
    if (std::none_of(found.begin(), found.end(), [&](const kube::Problem &problem) {
          return problem.name == one.id.name && problem.kind == one.id.kind;
        }))
      found.push_back({kube::Cause::not_ready, one.id.kind, one.id.name, "",
                       one.text.empty() ? "it is not ready" : one.text, one.evidence});
  return found;
}

std::vector<kube::Id> others_of(const Set &set, const kube::Id *deployment) {
  std::vector<kube::Id> ids;
  for (const kube::Object &object : set)
    if ((!deployment || object.id != *deployment) && kube::is_waited_for(object.value))
      ids.push_back(object.id);
  return ids;
}

bool others_were_ready(const Plan &plan, const kube::Access &access) {
  const kube::Object *deployment = main_deployment(plan.set, access);
  return std::all_of(plan.set.begin(), plan.set.end(), [&](const kube::Object &object) {
    const kube::Live &live = plan.before(object.id);
    return &object == deployment || !live.present() || !kube::is_waited_for(object.value) ||
           kube::readiness(live.value).over();
  });
}

} // namespace hello::deploy
