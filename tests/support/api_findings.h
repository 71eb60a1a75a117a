#pragma once
#include <string>

#include "hello/lint.h"
#include "hello/manifest.h"
#include "support/configured.h"

namespace hello::test {

/// The findings of the rule api about a hello.yaml's objects, "error: what" a line.
inline std::string api_findings(const std::string &text) {
  const config::Config config = configured(text);
  std::string out;
  for (const manifest::Finding &one : manifest::check_api(manifest::render_all(config), config))
    out += std::string(manifest::word(one.severity)) + ": " + one.what + "\n";
  return out;
}

} // namespace hello::test
