# Toolchain file of the presets musl-amd64 and musl-arm64: static-PIE executables with musl and libc++, by the zig wheel
# that cmake/get-zig lays in ZIG_DIR. The same bytes from the same sources, wherever they are built.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR $ENV{HELLO_ARCH})
get_filename_component(root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
if(DEFINED ENV{ZIG_DIR})
  set(zig $ENV{ZIG_DIR})
else()
  set(zig ${root}/build/zig)
endif()
set(CMAKE_CXX_COMPILER ${zig}/${CMAKE_SYSTEM_PROCESSOR}-clang++)
# What CMake would find out by linking: each kind of link makes zig compile the run-time libraries once more
set(CMAKE_CXX_COMPILER_ID_RUN 1)
set(CMAKE_CXX_COMPILER_ID Clang)
set(CMAKE_CXX_COMPILER_VERSION 20.1.2) # of the wheel in zig.lock
set(CMAKE_CXX_COMPILER_FRONTEND_VARIANT GNU)
set(CMAKE_CXX_STANDARD_COMPUTED_DEFAULT 17)
set(CMAKE_CXX_EXTENSIONS_COMPUTED_DEFAULT ON)
set(CMAKE_CXX_COMPILER_FORCED TRUE)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_AR ${zig}/ar)
set(CMAKE_RANLIB ${zig}/ranlib)
set(CMAKE_CXX_COMPILER_AR ${zig}/ar)
set(CMAKE_CXX_COMPILER_RANLIB ${zig}/ranlib)
# -Xclang: zig's driver makes -Os of every -Oz. Unwind tables only for what an exception passes through, and a frame
# pointer, which makes each of them a third shorter. No RTTI: nothing asks for the type of an object.
set(CMAKE_CXX_FLAGS_INIT "-fPIE -flto -fstack-protector-strong -ffunction-sections -fdata-sections -ffile-prefix-map=${root}/= -fno-ident \
-fno-omit-frame-pointer -fno-unwind-tables -fno-asynchronous-unwind-tables -fno-rtti -fno-vectorize -fno-slp-vectorize \
-DFMT_USE_FLOAT=0 -DFMT_USE_DOUBLE=0 -DFMT_USE_LONG_DOUBLE=0 -DFMT_USE_FLOAT128=0 -DFMT_USE_INT128=0") # tests/lint/tree: nobody prints one
set(CMAKE_CXX_FLAGS_MINSIZEREL_INIT "-Xclang -Oz")
set(HELLO_HOT_OPTIONS -Xclang -Os -fomit-frame-pointer)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -pie -s -Wl,--gc-sections -Wl,-T,${CMAKE_CURRENT_LIST_DIR}/unwind.ld")
set(CMAKE_CXX_LINK_EXECUTABLE
  "${zig}/link <TARGET> <CMAKE_CXX_COMPILER> <FLAGS> <CMAKE_CXX_LINK_FLAGS> <LINK_FLAGS> <OBJECTS> <LINK_LIBRARIES>")
