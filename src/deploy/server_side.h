#pragma once
#include "hello/deploy.h"

namespace hello::deploy {

/// kubectl's arguments for a server-side apply of stdin. Not validated by kubectl, which downloads
/// the cluster's schema for that: the server refuses unknown fields and wrong types of a
/// server-side apply by itself. Source: kubernetes.io, "Server-Side Apply"; structured-merge-diff,
/// "field not declared in schema"
inline std::vector<std::string> server_side(std::string_view manager) {
  return {"apply", "--server-side", "--field-manager=" + std::string(manager), "--validate=ignore",
          "-f=-"};
}

/// What the user chose, last: of two equal flags kubectl takes the last.
inline void add_choices(std::vector<std::string> &args, const Options &options) {
  if (options.force_conflicts) args.push_back("--force-conflicts");
  args.insert(args.end(), options.kubectl_args.begin(), options.kubectl_args.end());
}

} // namespace hello::deploy
