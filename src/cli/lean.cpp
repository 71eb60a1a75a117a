// Where the C++ library is the lean one of cmake/get-zig: what CLI11 can do and hello never asks of
// it is not linked. Configuration files are read by src/config and the help is written by
// cli/options/help.cpp; but each App names the virtual functions that do it in CLI11. These stand
// in their place.
#include <version> // _LIBCPP_VERSION
#ifdef _LIBCPP_VERSION
#include <cstdlib>

#define JOIN(a, b) a##b
#define UNUSED_AS(name, symbol)                                                                    \
  extern "C" [[noreturn]] void name() __asm__(symbol);                                             \
  void name() { std::abort(); }
#define UNUSED_ON(line, symbol) UNUSED_AS(JOIN(hello_unused_, line), symbol)
#define UNUSED(symbol) UNUSED_ON(__LINE__, symbol)
#define STRING "NSt3__112basic_stringIcNS4_11char_traitsIcEENS4_9allocatorIcEEEE"

UNUSED("_ZNK3CLI10ConfigBase11from_configERNSt3__113basic_istreamIcNS1_11char_traitsIcEEEE")
UNUSED("_ZNK3CLI10ConfigBase9to_configEPKNS_3AppEbb" STRING)
UNUSED("_ZN3CLI3App20_parse_single_configERKNS_10ConfigItemEm")
UNUSED("_ZNK3CLI9Formatter10make_groupENSt3__112basic_stringIcNS1_11char_traitsIcEENS1_9allo"
       "catorIcEEEEbNS1_6vectorIPKNS_6OptionENS5_ISB_EEEE")
UNUSED("_ZNK3CLI9Formatter10make_usageEPKNS_3AppE" STRING)
UNUSED("_ZNK3CLI9Formatter11make_footerEPKNS_3AppE")
UNUSED("_ZNK3CLI9Formatter11make_optionEPKNS_6OptionEb")
UNUSED("_ZNK3CLI9Formatter13make_expandedEPKNS_3AppE")
UNUSED("_ZNK3CLI9Formatter15make_subcommandEPKNS_3AppE")
UNUSED("_ZNK3CLI9Formatter16make_descriptionEPKNS_3AppE")
UNUSED("_ZNK3CLI9Formatter16make_option_descEPKNS_6OptionE")
UNUSED("_ZNK3CLI9Formatter16make_option_nameEPKNS_6OptionEb")
UNUSED("_ZNK3CLI9Formatter16make_option_optsEPKNS_6OptionE")
UNUSED("_ZNK3CLI9Formatter16make_positionalsEPKNS_3AppE")
UNUSED("_ZNK3CLI9Formatter16make_subcommandsEPKNS_3AppENS_13AppFormatModeE")
UNUSED("_ZNK3CLI9Formatter17make_option_usageEPKNS_6OptionE")
UNUSED("_ZNK3CLI9Formatter9make_helpEPKNS_3AppE" STRING "NS_13AppFormatModeE")
#endif
