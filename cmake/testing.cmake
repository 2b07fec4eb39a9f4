# Tests mirror src/: weigh_test(wire FILES wire/zip_test.cpp … ROOMS wire bytes) makes the program test_wire. A room's
# objects are linked only where it is named, so ROOMS names the rooms that those use, too.
find_package(GTest REQUIRED)
find_package(nlohmann_json REQUIRED)
find_path(VALIJSON_INCLUDE_DIR valijson/validator.hpp REQUIRED)
include(GoogleTest)

function(weigh_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "FILES;ROOMS;LIBRARIES")
  add_executable(test_${name} ${ARG_FILES})
  list(TRANSFORM ARG_ROOMS PREPEND weigh_)
  target_link_libraries(test_${name} PRIVATE ${ARG_ROOMS} weigh_test_support weigh_flags ${ARG_LIBRARIES}
                                             fmt::fmt GTest::gmock GTest::gtest_main)
  target_compile_definitions(test_${name} PRIVATE WEIGH_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data"
                                                  WEIGH_GOLDEN="${PROJECT_SOURCE_DIR}/tests/golden"
                                                  WEIGH_SOURCE="${PROJECT_SOURCE_DIR}"
                                                  WEIGH_PROGRAM="$<TARGET_FILE:weigh_program>")
  gtest_discover_tests(test_${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}." PROPERTIES TIMEOUT 300)
endfunction()
