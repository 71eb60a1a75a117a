// Any bytes, cut anywhere: the framer says the same, and never reads outside of what it was given.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "server/http/framer.h"

using namespace hello::server;

namespace {
/// Frames `bytes` given up to `cut` first; a text that says all that came of it.
std::string outcome(std::string_view bytes, std::size_t cut) {
  Limits limits{64, 256, 128};
  Refusal refusal;
  std::size_t scanned = 0,
              length = find_head(std::string(bytes.substr(0, cut)), scanned, limits, refusal);
  if (!length && !refusal) length = find_head(bytes, scanned, limits, refusal);
  if (refusal || !length) return std::to_string(refusal.status);
  Head head;
  std::string copy(bytes.substr(0, length)); // on the heap, so that a byte too far is seen
  if ((refusal = parse_head(copy, limits, head))) return std::to_string(refusal.status);
  if (head.path.empty() || (head.path[0] != '/' && head.path != "*")) std::abort();
  if (head.chunked && head.content_length) std::abort();
  std::string text =
      std::string(head.method) + std::string(head.path) + std::to_string(head.header_count);
  bytes.remove_prefix(length);
  if (head.chunked) {
    ChunkedBody body;
    std::string_view first = bytes.substr(0, cut % (bytes.size() + 1)),
                     second = bytes.substr(first.size());
    body.consume(first, limits);
    if (!body.done() && !body.refusal()) body.consume(second, limits);
    text += body.done() ? "done" + std::to_string(first.size() + second.size())
                        : std::to_string(body.refusal().status);
    if (!body.done() && !body.refusal() && !second.empty()) std::abort();
  }
  return text;
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char *>(data), size);
  if (size == 0) return 0;
  std::size_t cut = data[0] % (size + 1);
  std::string a = outcome(bytes, bytes.size()), b = outcome(bytes, cut);
  // A piece may be refused by what it lacks no sooner than the whole; both must agree on what is a
  // request.
  if ((a.size() > 3) != (b.size() > 3) || (a.size() > 3 && a != b)) std::abort();
  return 0;
}
