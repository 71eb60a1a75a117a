// Any value of X-Forwarded-For and of Forwarded: nothing in it changes what a trusted proxy
// appends.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/http/forwarded.h"

using namespace hello;
using namespace hello::server;

namespace {
void require(bool good) {
  if (!good) std::abort();
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const sys::Address proxy = *sys::parse_ip("10.1.2.3");
  static const sys::Address stranger = *sys::parse_ip("192.0.2.7");
  static const sys::Address client = *sys::parse_ip("203.0.113.9");
  static const TrustedProxies by_list({"10.0.0.0/8"}, TrustedHeader::x_forwarded_for);
  static const TrustedProxies by_rfc({"10.0.0.0/8"}, TrustedHeader::forwarded);

  const std::string list(reinterpret_cast<const char *>(data), size);
  for (const TrustedProxies *trusted : {&by_list, &by_rfc}) {
    const std::string appended = trusted == &by_rfc ? ", for=203.0.113.9" : ", 203.0.113.9";
    require(trusted->client(stranger, list).ip() == stranger.ip());
    require(trusted->client(proxy, list + appended).ip() == client.ip());
    // a further trusted proxy reports the one before it
    const std::string through = trusted == &by_rfc ? ", for=10.9.9.9;proto=https" : ", 10.9.9.9";
    require(trusted->client(proxy, list + appended + through).ip() == client.ip());
    // the answer is the peer or an address of the list: it can be written and read again
    const sys::Address any = trusted->client(proxy, list);
    const auto again = sys::parse_ip(sys::ip_text(any));
    require(again && again->ip() == any.ip());
  }
  return 0;
}
