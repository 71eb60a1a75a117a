#include "hello/version.h"

namespace hello {

const BuildInfo &build_info() {
  static constexpr BuildInfo info{HELLO_VERSION, HELLO_COMMIT, HELLO_EPOCH, HELLO_COMPILER,
                                  HELLO_LIBRARIES};
  return info;
}

} // namespace hello
