include(cmake/precompiled.cmake)

# A room is a folder of src/ and a target that may use only the rooms it names. The rule is held by the compiler: a
# room's sources see an include path that holds the rooms it links, and no others (a folder with one link, per room).

add_library(weigh_flags INTERFACE)
target_compile_features(weigh_flags INTERFACE cxx_std_20)
if(WEIGH_DEVELOPER)
  target_compile_options(weigh_flags INTERFACE -Wall -Wextra -Wpedantic)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(weigh_flags INTERFACE -Wno-restrict)  # false alarms about std::string: GCC bug 105651
  endif()
endif()
if(WEIGH_WERROR)
  target_compile_options(weigh_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release")
  # What headers bring (fmt above all) stands once in the program instead of once in every file that was specialised for
  # its callers: two thirds of the size, and so fewer pages to look at before it starts.
  target_compile_options(weigh_flags INTERFACE -fno-ipa-sra -fno-ipa-cp -ffunction-sections -fdata-sections)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(weigh_flags INTERFACE -fno-semantic-interposition)  # calls within a shared library stay direct
endif()
if(WEIGH_SANITIZE)
  target_compile_options(weigh_flags INTERFACE -fsanitize=${WEIGH_SANITIZE} -fno-sanitize-recover=all
                                               -fno-omit-frame-pointer)
  target_link_options(weigh_flags INTERFACE -fsanitize=${WEIGH_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(weigh_flags INTERFACE -Wno-maybe-uninitialized)  # false alarms: GCC manual, -fsanitize
  endif()
endif()
if(WEIGH_FUZZ)
  target_compile_options(weigh_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# fmt, compiled once.
add_library(weigh_fmt STATIC ${PROJECT_SOURCE_DIR}/src/fmt.cpp)
target_compile_features(weigh_fmt PUBLIC cxx_std_20)
target_link_libraries(weigh_fmt PRIVATE weigh_flags)
target_include_directories(weigh_fmt SYSTEM PUBLIC ${FMT_INCLUDE_DIR})
set_target_properties(weigh_fmt PROPERTIES POSITION_INDEPENDENT_CODE ON)

# What nearly every file of a room includes; with simdjson for rooms that read JSON. The rooms without
# libtorch may become part of a shared library.
set(weigh_common_headers
  <algorithm> <array> <charconv> <cstdint> <cstring> <functional> <map> <memory> <optional> <set> <span> <string>
  <string_view> <tuple> <unordered_map> <utility> <vector> <fmt/format.h>)
weigh_precompiled(weigh_headers HEADERS ${weigh_common_headers} LIBRARIES weigh_fmt)
weigh_precompiled(weigh_json_headers HEADERS ${weigh_common_headers} <simdjson.h> LIBRARIES weigh_fmt simdjson::simdjson)
set_target_properties(weigh_headers weigh_json_headers PROPERTIES POSITION_INDEPENDENT_CODE ON)

# weigh_compile_together(TARGET file…): files of a folder are compiled six at a time, so that what their headers bring is
# instantiated once for all of them, which is two fifths of the time. No two of them may give one name to different things.
function(weigh_compile_together target)
  if(NOT WEIGH_TOGETHER)
    return()
  endif()
  foreach(source ${ARGN})
    get_filename_component(folder ${source} DIRECTORY)
    string(MAKE_C_IDENTIFIER ${folder} folder)
    list(APPEND files_in_${folder} ${source})
    list(LENGTH files_in_${folder} number)
    math(EXPR group "(${number} + 5) / 6")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${folder}_${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()

# weigh_room(NAME [FOLDER folder below src, where it is not the name] SOURCES file… ROOMS room… LIBRARIES target…
#            [HEADERS precompiled headers, where they are others] [APART: each file is compiled alone])
function(weigh_room name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "APART" "FOLDER;HEADERS" "SOURCES;ROOMS;LIBRARIES")
  if(NOT ARG_FOLDER)
    set(ARG_FOLDER ${name})
  endif()
  if(NOT ARG_HEADERS)
    set(ARG_HEADERS weigh_headers)
  endif()
  set(view ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${ARG_FOLDER} ${view}/${name} SYMBOLIC)
  add_library(weigh_${name} OBJECT ${ARG_SOURCES})
  target_include_directories(weigh_${name} PUBLIC ${view} ${PROJECT_SOURCE_DIR}/include)
  list(TRANSFORM ARG_ROOMS PREPEND weigh_)
  target_link_libraries(weigh_${name} PUBLIC ${ARG_ROOMS} ${ARG_LIBRARIES} PRIVATE weigh_flags)
  get_target_property(is_pic ${ARG_HEADERS} POSITION_INDEPENDENT_CODE)
  set_target_properties(weigh_${name} PROPERTIES POSITION_INDEPENDENT_CODE ${is_pic})
  target_precompile_headers(weigh_${name} REUSE_FROM ${ARG_HEADERS})
  if(NOT ARG_APART)
    weigh_compile_together(weigh_${name} ${ARG_SOURCES})
  endif()
  set_property(GLOBAL APPEND PROPERTY WEIGH_ROOMS weigh_${name})
  set_property(GLOBAL APPEND PROPERTY WEIGH_LIBRARIES ${ARG_LIBRARIES})
endfunction()
