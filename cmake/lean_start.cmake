# The program is there in a millisecond only if it loads no library but libc: libstdc++ goes into it, and simdjson, of
# which Debian has no static library, is loaded when JSON is first read (src/cli/load_simdjson.cpp).
get_target_property(simdjson_soname simdjson::simdjson IMPORTED_SONAME_RELWITHDEBINFO)
if(NOT simdjson_soname)
  get_target_property(simdjson_soname simdjson::simdjson IMPORTED_SONAME_NONE)
endif()

# Without optimisation the header calls more names of the library. In a wheel the library is linked as usual: its copy lies
# beside the package, under another name.
if(simdjson_soname AND NOT WEIGH_PYTHON AND CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT WEIGH_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_sources(weigh_program PRIVATE cli/load_simdjson.cpp)
  foreach(room bytes wire model conventions formats places analysis compare check plan render cli)
    target_sources(weigh_program PRIVATE $<TARGET_OBJECTS:weigh_${room}>)
  endforeach()
  target_include_directories(weigh_program PRIVATE $<TARGET_PROPERTY:weigh_cli,INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_definitions(weigh_program PRIVATE WEIGH_SIMDJSON="${simdjson_soname}")
  target_link_libraries(weigh_program PRIVATE weigh_fmt weigh_flags ZLIB::ZLIB ${ZSTD_LIBRARY} ${CMAKE_DL_LIBS})
  target_link_options(weigh_program PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections -Wl,--as-needed
                      -Wl,-z,pack-relative-relocs)
else()
  target_link_libraries(weigh_program PRIVATE weigh_cli weigh weigh_flags)
endif()
