# Headers that are parsed once for all who include them: most of what a file of ours takes to compile.
#
#   weigh_precompiled(NAME HEADERS <header>… [LIBRARIES target…] [OPTIONS option…])
#   target_precompile_headers(TARGET REUSE_FROM NAME)    # a target of the same libraries and options
#
# That each file includes what it uses is seen where nothing is precompiled: `make lint`.
function(weigh_precompiled name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "HEADERS;LIBRARIES;OPTIONS")
  add_library(${name} OBJECT ${PROJECT_SOURCE_DIR}/cmake/headers.cpp)
  target_link_libraries(${name} PRIVATE weigh_flags ${ARG_LIBRARIES})
  target_compile_options(${name} PRIVATE ${ARG_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
endfunction()
