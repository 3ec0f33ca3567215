# What the tests need: GoogleTest, and how its programs are registered.
find_package(GTest REQUIRED)
include(GoogleTest)

# Registers each case of a GoogleTest program with CTest. The list is asked for when the tests start; a program that
# loads LibTorch from a cold disk needs far longer to answer than CMake's five seconds.
function(mk_discover_tests target)
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 300 ${ARGN})
endfunction()
