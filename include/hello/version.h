#pragma once
#include <string_view>

namespace hello {

/// How this executable was made; fixed at build time, so that the same commit gives the same bytes.
struct BuildInfo {
  std::string_view version; ///< semantic version, "0.2.0"
  std::string_view commit;  ///< source revision, 12 hex digits; empty where unknown
  std::string_view epoch; ///< build time as SOURCE_DATE_EPOCH or the commit's, seconds since 1970;
                          ///< empty where unknown
  std::string_view compiler;     ///< "GNU 12.2.0"
  std::string_view architecture; ///< "linux/amd64", as images name it
  std::string_view libraries;    ///< what is linked: "NAME VERSION\n" each
};

const BuildInfo &build_info();

} // namespace hello
