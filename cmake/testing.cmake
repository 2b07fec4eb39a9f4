# Tests mirror src/: weigh_test(wire FILES wire/zip_test.cpp … ROOMS wire bytes) makes the program test_wire. A room's
# objects are linked only where it is named, so ROOMS names the rooms that those use, too.
find_package(GTest REQUIRED)
find_package(nlohmann_json REQUIRED)
find_path(VALIJSON_INCLUDE_DIR valijson/validator.hpp REQUIRED)
include(GoogleTest)

# Tests are not optimised, which takes minutes; what they test is.
weigh_precompiled(weigh_test_headers
  HEADERS <algorithm> <cstdint> <filesystem> <fstream> <map> <optional> <set> <span> <sstream> <string> <string_view> <vector>
          <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>
  LIBRARIES weigh_fmt GTest::gmock nlohmann_json::nlohmann_json
  OPTIONS -O0)

# HEADERS: precompiled headers, where they are others.
function(weigh_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "HEADERS" "FILES;ROOMS;LIBRARIES")
  if(NOT ARG_HEADERS)
    set(ARG_HEADERS weigh_test_headers)
  endif()
  add_executable(test_${name} ${ARG_FILES})
  list(TRANSFORM ARG_ROOMS PREPEND weigh_)
  target_link_libraries(test_${name} PRIVATE ${ARG_ROOMS} weigh_test_support weigh_flags ${ARG_LIBRARIES}
                                             weigh_fmt GTest::gmock GTest::gtest_main)
  target_compile_definitions(test_${name} PRIVATE WEIGH_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data"
                                                  WEIGH_GOLDEN="${PROJECT_SOURCE_DIR}/tests/golden"
                                                  WEIGH_SOURCE="${PROJECT_SOURCE_DIR}"
                                                  WEIGH_PROGRAM="$<TARGET_FILE:weigh_program>")
  target_compile_options(test_${name} PRIVATE -O0)
  target_precompile_headers(test_${name} REUSE_FROM ${ARG_HEADERS})
  gtest_discover_tests(test_${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}." PROPERTIES TIMEOUT 300)
endfunction()
