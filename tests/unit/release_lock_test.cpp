#include "hello/lock.h"
#include "hello/owner.h"
#include "hello/undeploy.h"
#include "support/eventually.h"
#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using kube::Trouble;
using release::Lock;
using tests::eventually;

namespace {

const kube::Id kLease{"coordination.k8s.io/v1", "Lease", "shop", "hello-release"};

bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != text.npos;
}

/// A shop and what a lock says.
struct Locked : Shop {
  std::vector<std::string> warnings, notes;

  Lock lock(std::chrono::milliseconds renewal = Lock::kRenewal) {
    return Lock(
        cluster, [this](const std::string &text) { warnings.push_back(text); },
        [this](const std::string &text) { notes.push_back(text); }, renewal);
  }
  /// Another hello holds the lease.
  void hold(const std::string &from = "bob@laptop") {
    json::Value lease = object("{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: "
                               "hello-release, namespace: shop}, spec: {holderIdentity: hello-1-a, "
                               "acquireTime: '2026-11-23T03:59:00.000000Z'}}");
    lease["metadata"]["annotations"]["hello/from"] = json::string(from);
    cluster.api.put(std::move(lease));
  }
  /// The other hello renews it.
  void renew(int time) {
    cluster.api.update(kLease, "", [&](json::Value &lease) {
      lease["spec"]["renewTime"] = json::string(std::to_string(time));
    });
  }
  std::string holder() const {
    const json::Value *lease = cluster.api.find(kLease);
    return lease ? lease->text("spec", "holderIdentity") : "";
  }
  /// Changes with each renewal.
  std::string version() {
    return cluster.read(kLease).take("", {}).text("metadata", "resourceVersion");
  }
  static Error error_of(const std::function<void()> &work) {
    try {
      work();
    } catch (const Error &error) {
      return error;
    }
    FAIL("no error");
    return Error(Exit::ok, "");
  }
};

bool is_lost(Lock &lock) {
  try {
    lock.check();
  } catch (const Error &) {
    return true;
  }
  return false;
}

} // namespace

TEST_CASE("lock: a free lease is taken at once, names its holder, and is gone afterwards") {
  Locked shop;
  {
    Lock lock = shop.lock();
    CHECK(lock.take() == Lock::Taken::at_once);
    const json::Value &lease = *shop.cluster.api.find(kLease);
    CHECK_FALSE(shop.holder().empty());
    CHECK(lease.text("metadata", "annotations", "hello/from") == release::where_from());
    CHECK(lease.text("spec", "acquireTime").ends_with("Z"));
    CHECK_NOTHROW(lock.check());
  }
  CHECK_FALSE(shop.cluster.api.find(kLease));
  CHECK(shop.cluster.elapsed() == 0ms);
  CHECK(shop.notes.empty());
}

TEST_CASE(
    "lock: a renewal within six seconds means another is at work, and names who and since when") {
  Locked shop;
  shop.hold();
  shop.cluster.after(2s, [&] { shop.renew(1); });
  Lock lock = shop.lock();
  const Error error = Locked::error_of([&] { lock.take(); });
  CHECK(error.code() == Exit::cluster);
  CHECK(contains(error.what(), "release hello: bob@laptop, since 2026-11-23T03:59:00.000000Z"));
  CHECK(shop.cluster.elapsed() < 3s);
  CHECK(shop.holder() == "hello-1-a");
  REQUIRE(shop.notes.size() == 1);
  CHECK(contains(shop.notes[0], "locked by bob@laptop"));
}

TEST_CASE("lock: a holder that does not renew for six seconds is dead, and replaced") {
  Locked shop;
  shop.hold();
  Lock lock = shop.lock();
  CHECK(lock.take() == Lock::Taken::after_wait);
  CHECK(shop.cluster.elapsed() >= 6s);
  CHECK(shop.cluster.elapsed() < 7s);
  CHECK(shop.holder() != "hello-1-a");
  lock.release();
  CHECK_FALSE(shop.cluster.api.find(kLease));
}

TEST_CASE("lock: a lease that is let go of while it is watched is taken") {
  Locked shop;
  shop.hold();
  shop.cluster.after(3s, [&] { shop.cluster.api.erase(kLease); });
  Lock lock = shop.lock();
  CHECK(lock.take() == Lock::Taken::after_wait);
  CHECK(shop.cluster.elapsed() < 4s);
}

TEST_CASE("lock: of two that take over a dead holder's lease, one wins") {
  Locked shop;
  shop.hold();
  shop.cluster.before_next(Operation::replace, [&] { shop.hold("carol@desk"); });
  Lock lock = shop.lock();
  CHECK(Locked::error_of([&] { lock.take(); }).code() == Exit::cluster);
}

TEST_CASE(
    "lock: where leases may not be written, one warning names the rule, and the run goes on") {
  for (const Trouble trouble : {Trouble::forbidden, Trouble::unknown_kind}) {
    Locked shop;
    kube::Failure refused = failure(trouble, "no");
    refused.rule = "needs leases";
    shop.cluster.fail_always(Operation::create, refused, "Lease/hello-release");
    CHECK(shop.run(hello_set()) == Exit::ok);
    int warned = 0;
    for (const auto &warning : shop.seen.all<event::Warning>())
      warned += contains(warning.text, "nothing keeps two deploys of this release apart");
    CHECK(warned == 1);
    CHECK(shop.state_of_entry(1) == "ready");
  }
}

TEST_CASE("lock: an API server that is away for a moment is waited for") {
  Locked shop;
  for (int i = 0; i < 3; ++i)
    shop.cluster.fail_next(Operation::create, failure(Trouble::unreachable), "Lease/hello-release");
  Lock lock = shop.lock();
  CHECK(lock.take() == Lock::Taken::at_once);
  CHECK(shop.cluster.elapsed() == 3s);
  shop.cluster.fail_always(Operation::create, failure(Trouble::unreachable), "Lease/web-release");
  shop.cluster.set_release("web");
  Lock other = shop.lock();
  CHECK(Locked::error_of([&] { other.take(); }).code() == Exit::cluster);
  CHECK(shop.cluster.elapsed() < 30s);
}

TEST_CASE("lock: a lease that may not be removed is a warning") {
  Locked shop;
  shop.cluster.fail_always(Operation::remove, failure(Trouble::forbidden), "Lease/hello-release");
  {
    Lock lock = shop.lock();
    lock.take();
  }
  REQUIRE(shop.warnings.size() == 1);
  CHECK(contains(shop.warnings[0], "remove Lease/hello-release"));
}

TEST_CASE("lock: the lease is renewed while it is held") {
  Locked shop;
  Lock lock = shop.lock(1ms);
  lock.take();
  const std::string first = shop.version();
  CHECK(eventually([&] { return shop.version() != first; }));
  CHECK_NOTHROW(lock.check());
}

TEST_CASE("lock: a holder that lost the lease writes nothing more, and leaves it alone") {
  Locked shop;
  Lock lock = shop.lock(1ms);
  lock.take();
  shop.cluster.before_next(Operation::replace, [&] { shop.hold(); });
  CHECK(eventually([&] { return is_lost(lock); }));
  const auto write = [&] { shop.cluster.apply(hello_set(), {.manager = "hello"}); };
  CHECK(contains(Locked::error_of(write).what(), "another hello has taken over release hello"));
  CHECK_FALSE(shop.cluster.api.find(kDeployment));
  lock.release();
  CHECK(shop.holder() == "hello-1-a");
}

TEST_CASE("lock: a holder that slept renews the lease before it writes, and sees if it lost it") {
  Locked shop;
  Lock lock = shop.lock(1h);
  lock.take();
  const std::string first = shop.version();
  const auto write = [&] { shop.cluster.apply(hello_set(), {.manager = "hello"}); };
  shop.cluster.sleep(5s);
  CHECK_NOTHROW(write());
  CHECK(shop.version() == first);
  shop.cluster.sleep(1s);
  CHECK_NOTHROW(write());
  CHECK(shop.version() != first);
  shop.cluster.sleep(6s);
  shop.hold(); // meanwhile
  shop.cluster.journal.clear();
  CHECK(contains(Locked::error_of(write).what(), "another hello has taken over release hello"));
  CHECK(shop.cluster.journal.empty());
  CHECK(shop.holder() == "hello-1-a");
}

TEST_CASE("lock: a renewal whose answer was lost is no loss of the lease") {
  Locked shop;
  Lock lock = shop.lock(1ms);
  lock.take();
  std::atomic<bool> written{false};
  shop.cluster.before_next(Operation::replace, [&] {
    shop.renew(1); // by the same holder
    written = true;
  });
  CHECK(eventually([&] { return written.load(); }));
  const std::string then = shop.version();
  CHECK(eventually([&] { return is_lost(lock) || shop.version() != then; }));
  CHECK_FALSE(is_lost(lock));
}

TEST_CASE("lock: a lease that the winner has removed again is not made anew") {
  Locked shop;
  Lock lock = shop.lock(1ms);
  lock.take();
  shop.cluster.before_next(Operation::replace, [&] { shop.cluster.api.erase(kLease); });
  CHECK(eventually([&] { return is_lost(lock); }));
}

TEST_CASE("lock: a lease that is taken a second time is renewed as well") {
  Locked shop;
  Lock lock = shop.lock(1ms);
  lock.take();
  lock.release();
  lock.take();
  const std::string first = shop.version();
  CHECK(eventually([&] { return shop.version() != first; }));
}

TEST_CASE("lock: a renewal that gets no answer is no loss") {
  Locked shop;
  std::atomic<int> tried{0};
  shop.cluster.before_next(Operation::replace, [&] { ++tried; });
  shop.cluster.fail_always(Operation::replace, failure(Trouble::unreachable));
  Lock lock = shop.lock(1ms);
  lock.take();
  CHECK(eventually([&] { return tried > 0; }));
  CHECK_NOTHROW(lock.check());
}

TEST_CASE("lock: a deploy that another is ahead of changes nothing") {
  Locked shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.hold();
  shop.cluster.after(2s, [&] { shop.renew(1); });
  CHECK(shop.run_fails(hello_set("hello:2")).code() == Exit::cluster);
  CHECK(shop.cluster.journal.empty());
  CHECK(shop.live_image() == "hello:1");
}

TEST_CASE("lock: an unchanged deploy takes none, and leaves none") {
  Locked shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  CHECK_FALSE(shop.cluster.api.find(kLease));
  shop.hold();
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.holder() == "hello-1-a");
}

TEST_CASE("lock: after a dead holder's lease was taken over, the plan is made anew") {
  Locked shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.hold();
  shop.cluster.after(1s, [&] { // what the other one still did
    REQUIRE(shop.cluster.api.apply(release::marked(hello_set("hello:9"), shop.cluster.access())[1],
                                   "hello", false));
  });
  CHECK(shop.run(hello_set("hello:2")) == Exit::ok);
  CHECK(shop.seen.count<event::Planned>() == 2);
  CHECK(shop.live_image() == "hello:2");
}

TEST_CASE("lock: an undeploy holds it too") {
  Locked shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.hold();
  shop.cluster.after(2s, [&] { shop.renew(1); });
  const Error error = Locked::error_of([&] {
    deploy::undeploy(shop.cluster, deploy::plan_removal(shop.cluster), shop.cluster.now() + 60s,
                     shop.seen.listener);
  });
  CHECK(error.code() == Exit::cluster);
  CHECK(shop.cluster.api.find(kDeployment));
  shop.cluster.api.erase(kLease);
  deploy::undeploy(shop.cluster, deploy::plan_removal(shop.cluster), shop.cluster.now() + 60s,
                   shop.seen.listener);
  CHECK_FALSE(shop.cluster.api.find(kDeployment));
  CHECK_FALSE(shop.cluster.api.find(kLease));
}

TEST_CASE("pulse: a lease that nobody renews for six seconds has a dead holder") {
  Locked shop;
  shop.hold();
  release::Pulse pulse;
  CHECK_FALSE(pulse.beats(shop.cluster, shop.cluster.access()));
  CHECK(shop.cluster.elapsed() == 6s);
  CHECK_FALSE(pulse.beats(shop.cluster, shop.cluster.access())); // a watch looks again
  CHECK(shop.cluster.elapsed() == 6s);
  shop.renew(1);
  CHECK(pulse.beats(shop.cluster, shop.cluster.access()));
}

TEST_CASE("pulse: a renewal shows a living holder; a lease that may not be read may have one") {
  Locked shop;
  shop.hold();
  shop.cluster.after(1s, [&] { shop.renew(1); });
  release::Pulse pulse;
  CHECK(pulse.beats(shop.cluster, shop.cluster.access()));
  CHECK(shop.cluster.elapsed() <= 2s);
  CHECK(pulse.beats(shop.cluster, shop.cluster.access())); // still, without a wait
  CHECK(shop.cluster.elapsed() <= 2s);
  shop.cluster.api.erase(kLease);
  CHECK_FALSE(pulse.beats(shop.cluster, shop.cluster.access()));
  shop.cluster.fail_always(Operation::read, failure(Trouble::forbidden), "Lease/hello-release");
  CHECK(pulse.beats(shop.cluster, shop.cluster.access()));
}

TEST_CASE("pulse: a pending revision whose deploy was killed is interrupted, lease or not") {
  Locked shop;
  shop.hold();
  release::Release pending, ready;
  ready.state = release::State::ready;
  std::vector<release::Release> all{pending, ready};
  release::Pulse().set_status(shop.cluster, shop.cluster.access(), all);
  CHECK(all[0].status == "interrupted");
  CHECK(all[1].status == "deployed");
  all = {ready, pending}; // nobody needs to know of the lease
  const auto before = shop.cluster.elapsed();
  release::Pulse().set_status(shop.cluster, shop.cluster.access(), all);
  CHECK(all[1].status == "interrupted");
  CHECK(shop.cluster.elapsed() == before);
}

TEST_CASE("lock: without the right to read the lease, it is taken, and gone afterwards") {
  Locked shop;
  shop.cluster.fail_always(Operation::read, failure(Trouble::forbidden), "Lease/hello-release");
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK_FALSE(shop.cluster.api.find(kLease));
  shop.hold(); // by another, who cannot be watched
  CHECK(shop.run(hello_set("hello:2")) == Exit::ok);
  CHECK(shop.warned("", "nothing keeps two deploys of this release apart"));
  CHECK(shop.live_image() == "hello:2");
  CHECK(shop.holder() == "hello-1-a");
}

TEST_CASE("lock: without the right to renew the lease, one warning says so") {
  Locked shop;
  kube::Failure refused = failure(Trouble::forbidden, "no");
  refused.rule = "needs update";
  shop.cluster.fail_always(Operation::replace, refused, "Lease/hello-release");
  {
    Lock lock = shop.lock(1ms);
    lock.take();
    CHECK(eventually([&] {
      lock.check();
      return !shop.warnings.empty();
    }));
    lock.check();
  }
  REQUIRE(shop.warnings.size() == 1);
  CHECK(contains(shop.warnings[0], "renew Lease/hello-release"));
  CHECK(contains(shop.warnings[0], "needs update"));
  CHECK_FALSE(shop.cluster.api.find(kLease));

  shop.hold(); // a dead one cannot be replaced, and stops no one
  Lock lock = shop.lock();
  CHECK(lock.take() == Lock::Taken::after_wait);
  CHECK(shop.warnings.size() == 2);
}

TEST_CASE("lock: a lease that went with its namespace was not taken over") {
  Locked shop;
  Lock lock = shop.lock(1ms);
  lock.take();
  shop.cluster.before_next(Operation::replace, [&] {
    shop.cluster.api.update(kNamespace, "", [](json::Value &ns) {
      ns["metadata"]["deletionTimestamp"] = json::string("2026-11-23T04:00:00Z");
    });
    shop.cluster.api.erase(kLease);
  });
  CHECK(eventually([&] { return is_lost(lock); }));
  const Error error = Locked::error_of([&] { lock.check(); });
  CHECK(contains(error.what(), "namespace shop was removed during the run"));
  CHECK(error.code() == Exit::rollout);
}

TEST_CASE("pulse: a revision that soaks is pending without a lease until its soak ends") {
  Locked shop;
  release::Release pending;
  for (const bool goes_on : {true, false}) {
    pending.soaks_until = goes_on ? "2999-01-01T00:00:00Z" : "2001-01-01T00:00:00Z";
    std::vector<release::Release> all{pending};
    release::Pulse().set_status(shop.cluster, shop.cluster.access(), all);
    CHECK(all[0].status == (goes_on ? "pending" : "interrupted"));
  }
}
