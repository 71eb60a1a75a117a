// Where the C++ library is the lean one of cmake/get-zig: CLI11's own configuration files, which
// hello never reads or writes (src/config does), are not linked. Their virtual functions are named
// by each App; these stand in their place.
#include <version> // _LIBCPP_VERSION
#ifdef _LIBCPP_VERSION
#include <cstdlib>

extern "C" {
[[noreturn]] void hello_no_from_config() __asm__(
    "_ZNK3CLI10ConfigBase11from_configERNSt3__113basic_istreamIcNS1_11char_"
    "traitsIcEEEE");
[[noreturn]] void hello_no_to_config() __asm__(
    "_ZNK3CLI10ConfigBase9to_configEPKNS_3AppEbbNSt3__112basic_stringIcNS4_11"
    "char_traitsIcEENS4_9allocatorIcEEEE");
[[noreturn]] void
hello_no_single_config() __asm__("_ZN3CLI3App20_parse_single_configERKNS_10ConfigItemEm");
void hello_no_from_config() { std::abort(); }
void hello_no_to_config() { std::abort(); }
void hello_no_single_config() { std::abort(); }
}
#endif
