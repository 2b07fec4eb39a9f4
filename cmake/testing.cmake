# Tests mirror src/: weigh_test(wire FILES wire/zip_test.cpp … ROOMS wire bytes) makes the program test_wire. A room's
# objects are linked only where it is named, so ROOMS names the rooms that those use, too.
find_package(GTest REQUIRED)
find_package(nlohmann_json REQUIRED)
find_path(VALIJSON_INCLUDE_DIR valijson/validator.hpp REQUIRED)

# Tests are not optimised, which takes minutes; what they test is.
weigh_precompiled(weigh_test_headers
  HEADERS <algorithm> <cstdint> <filesystem> <fstream> <map> <optional> <set> <span> <sstream> <string> <string_view> <vector>
          <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>
  LIBRARIES weigh_fmt GTest::gmock nlohmann_json::nlohmann_json
  OPTIONS -O0)

# HEADERS: precompiled headers, where they are others. SHARES: processes that share the tests, for what takes long.
function(weigh_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "HEADERS;SHARES" "FILES;ROOMS;LIBRARIES")
  if(NOT ARG_SHARES)
    set(ARG_SHARES 1)
  endif()
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
  # A process for each share of a suite, not for each test: libtorch alone takes a second to load. What each test said is
  # left in results/ for tools/count-tests.
  math(EXPR last "${ARG_SHARES} - 1")
  foreach(share RANGE ${last})
    add_test(NAME ${name}.${share} COMMAND test_${name} --gtest_brief=1)
    set_tests_properties(${name}.${share} PROPERTIES TIMEOUT 900 ENVIRONMENT
      "GTEST_TOTAL_SHARDS=${ARG_SHARES};GTEST_SHARD_INDEX=${share};GTEST_OUTPUT=json:${CMAKE_BINARY_DIR}/results/${name}.${share}.json")
  endforeach()
endfunction()
