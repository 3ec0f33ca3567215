# Language, warnings and sanitizers: the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
find_package(Threads REQUIRED)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${CCACHE_PROGRAM})
endif()

set(MAKEOVER_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")
if(MAKEOVER_SANITIZE)
  # Little optimisation and line numbers alone: a finding needs no more, and instrumented code
  # takes several times as long to compile otherwise.
  add_compile_options(-fsanitize=${MAKEOVER_SANITIZE} -fno-omit-frame-pointer -O1 -g1)
  add_link_options(-fsanitize=${MAKEOVER_SANITIZE})
endif()
if(MAKEOVER_SANITIZE STREQUAL "thread")
  # Debian's libraries were built without: protobuf's maps have a member more where it is defined.
  add_compile_options(-U__SANITIZE_THREAD__)
  find_package(absl REQUIRED)
  add_library(mk_tsan_mutex OBJECT ${CMAKE_SOURCE_DIR}/cmake/tsan/absl_mutex.cc)
  target_link_libraries(mk_tsan_mutex PRIVATE absl::synchronization)
  link_libraries($<TARGET_OBJECTS:mk_tsan_mutex>)
endif()

# Linked by every target of our own; generated code goes without.
add_library(mk_warnings INTERFACE)
target_compile_options(mk_warnings INTERFACE -Wall -Wextra -Werror)
# GCC 12 sees overlaps in std::string's operator+ that are not there (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(mk_warnings INTERFACE -Wno-restrict)
endif()
# GCC 13 sees an overrun in the std::vector<bool> of LibTorch's autograd functions that is not there.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  target_compile_options(mk_warnings INTERFACE -Wno-array-bounds)
endif()
target_include_directories(mk_warnings INTERFACE ${CMAKE_SOURCE_DIR})
