#pragma once
#include "hello/deploy.h"

namespace hello::deploy {

struct Answer {
  bool ok = false;
  std::string where, text; ///< text: the first line of the answer, or what went wrong
};

/// GET of an http:// URL, tried again for some seconds: routes need a moment to be known everywhere.
Answer ask(const std::string &url);

/// GET / of the Service's first port through `kubectl port-forward`, which ends with this call.
Answer ask_through_port_forward(kube::Cluster &cluster, const manifest::Object &service);

} // namespace hello::deploy
