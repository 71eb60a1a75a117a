# The locked libraries, built from the sources that cmake/fetch laid in HELLO_DEPS.
execute_process(COMMAND ${CMAKE_SOURCE_DIR}/cmake/fetch ${HELLO_DEPS} RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "cmake/fetch failed: the locked third-party sources are not there (see above)")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/dependencies.lock)

find_package(Threads REQUIRED)

add_library(fmt STATIC ${HELLO_DEPS}/fmt/src/format.cc)
target_include_directories(fmt SYSTEM PUBLIC ${HELLO_DEPS}/fmt/include)
target_compile_definitions(fmt PUBLIC $<$<CXX_COMPILER_ID:Clang>:FMT_CONSTEVAL=>) # fmt 10 under clang 20's libc++
if(CMAKE_TOOLCHAIN_FILE)
  target_compile_options(fmt INTERFACE "SHELL:-include ${CMAKE_CURRENT_LIST_DIR}/fmt-nothrow.h")
  target_compile_definitions(fmt PRIVATE FMT_STATIC_THOUSANDS_SEPARATOR=',') # else std::locale is asked for it
endif()

file(GLOB yaml_sources ${HELLO_DEPS}/yaml-cpp/src/*.cpp)
add_library(yaml-cpp STATIC ${yaml_sources})
target_include_directories(yaml-cpp SYSTEM PUBLIC ${HELLO_DEPS}/yaml-cpp/include)
target_compile_definitions(yaml-cpp PUBLIC YAML_CPP_STATIC_DEFINE)
target_compile_options(yaml-cpp PRIVATE -w)
if(CMAKE_TOOLCHAIN_FILE)
  target_compile_options(yaml-cpp PUBLIC "SHELL:-include ${CMAKE_CURRENT_LIST_DIR}/yaml-nothrow.h")
  set_source_files_properties(${HELLO_DEPS}/yaml-cpp/src/exceptions.cpp PROPERTIES COMPILE_DEFINITIONS YAML_EXCEPTIONS)
endif()

add_library(cli11 INTERFACE)
target_include_directories(cli11 SYSTEM INTERFACE ${HELLO_DEPS}/cli11/include)

add_library(cpp-httplib INTERFACE)
target_include_directories(cpp-httplib SYSTEM INTERFACE ${HELLO_DEPS}/cpp-httplib)
target_link_libraries(cpp-httplib INTERFACE Threads::Threads)

add_library(doctest INTERFACE)
target_include_directories(doctest SYSTEM INTERFACE ${HELLO_DEPS}/doctest)
