#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hello/fd.h"
#include "server/process/sandbox.h"

namespace hello::server {

namespace {
// The kernel's interface by number: the headers of the build machine may be older than the kernel.
constexpr long kCreateRuleset = 444, kAddRule = 445, kRestrictSelf = 446;
constexpr std::uint32_t kVersionFlag = 1;
constexpr int kPathBeneath = 1;

struct RulesetAttr {
  std::uint64_t handled_access_fs, handled_access_net, scoped;
};
struct [[gnu::packed]] PathBeneathAttr {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};

constexpr std::uint64_t bit(int n) { return std::uint64_t{1} << n; }
constexpr std::uint64_t kWriteFile = bit(1), kReadFile = bit(2), kReadDir = bit(3),
                        kRemoveFile = bit(5), kMakeReg = bit(8), kRefer = bit(13),
                        kTruncate = bit(14);

/// All rights that a kernel with this ABI can restrict: 13 on files at first, later also refer,
/// truncate and ioctl.
RulesetAttr all_rights(long abi) {
  RulesetAttr attr{bit(13) - 1, 0, 0};
  if (abi >= 2) attr.handled_access_fs |= kRefer;
  if (abi >= 3) attr.handled_access_fs |= kTruncate;
  if (abi >= 4) attr.handled_access_net = 3; // bind and connect: the listeners are open by now
  if (abi >= 5) attr.handled_access_fs |= bit(15);
  if (abi >= 6) attr.scoped = 3; // other processes' abstract Unix sockets and signals
  return attr;
}

/// The size of RulesetAttr that a kernel with this ABI knows: a larger one is an error.
std::size_t ruleset_size(long abi) {
  if (abi >= 6) return sizeof(RulesetAttr);
  return (abi >= 4 ? 2 : 1) * sizeof(std::uint64_t);
}

bool allow(int ruleset, const std::string &path, std::uint64_t rights) {
  sys::Fd folder(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  PathBeneathAttr attr{rights, folder.get()};
  return folder && ::syscall(kAddRule, ruleset, kPathBeneath, &attr, 0) == 0;
}
} // namespace

std::string apply_landlock(const std::vector<std::string> &writable) {
  long abi = ::syscall(kCreateRuleset, nullptr, 0, kVersionFlag);
  if (abi < 1) return std::strerror(errno);
  RulesetAttr attr = all_rights(abi);
  sys::Fd ruleset(static_cast<int>(::syscall(kCreateRuleset, &attr, ruleset_size(abi), 0)));
  if (!ruleset || !allow(ruleset.get(), "/", kReadFile | kReadDir)) return std::strerror(errno);
  constexpr std::uint64_t write = kWriteFile | kReadFile | kReadDir | kRemoveFile | kMakeReg;
  for (const std::string &path : writable)
    allow(ruleset.get(), path, write); // a missing folder is reported by /readyz
  if (::syscall(kRestrictSelf, ruleset.get(), 0) != 0) return std::strerror(errno);
  return fmt::format("ABI {}", abi);
}

} // namespace hello::server
