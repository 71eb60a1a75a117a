#pragma once
#include "hello/deploy.h"

namespace hello::deploy {

/// Looks after a rollout that was ready, for options.soak. Failed: a container of the release's
/// pods restarted; fewer pods than wanted were available for 10 s, and no removal of so many pods
/// and no change of their number explains it; or the service did not answer three times in a row,
/// asked once every 5 s. Superseded or gone: another has changed or removed the Deployment.
Outcome soak(kube::Cluster &cluster, const Applied &applied, const Set &set, const Options &options,
             const Listener &emit);

} // namespace hello::deploy
