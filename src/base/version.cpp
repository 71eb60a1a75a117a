#include "hello/version.h"

#if defined(__x86_64__)
#define HELLO_ARCHITECTURE "linux/amd64"
#elif defined(__aarch64__)
#define HELLO_ARCHITECTURE "linux/arm64"
#else
#define HELLO_ARCHITECTURE "linux/other"
#endif

namespace hello {

const BuildInfo &build_info() {
  static constexpr BuildInfo info{HELLO_VERSION,  HELLO_COMMIT,       HELLO_EPOCH,
                                  HELLO_COMPILER, HELLO_ARCHITECTURE, HELLO_LIBRARIES};
  return info;
}

} // namespace hello
