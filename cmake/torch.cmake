# libtorch as one target, weigh_libtorch, and its headers precompiled for all that includes them: they take ten
# seconds and more to parse.
find_package(Torch REQUIRED)
add_library(weigh_libtorch INTERFACE)
target_link_libraries(weigh_libtorch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(weigh_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})

function(weigh_precompiled name)
  add_library(${name} OBJECT ${PROJECT_SOURCE_DIR}/src/torch/headers.cpp)
  target_link_libraries(${name} PRIVATE weigh_libtorch weigh_flags)
  target_compile_options(${name} PRIVATE ${ARGN})
  target_precompile_headers(${name} PRIVATE <torch/torch.h> <torch/library.h>)
endfunction()
weigh_precompiled(weigh_torch_headers)

# Room of libtorch: as weigh_room, with libtorch and its precompiled headers.
function(weigh_torch_room name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;ROOMS;LIBRARIES")
  weigh_room(${name} FOLDER torch/${name} SOURCES ${ARG_SOURCES} ROOMS ${ARG_ROOMS}
             LIBRARIES weigh_libtorch ${ARG_LIBRARIES})
  target_precompile_headers(weigh_${name} REUSE_FROM weigh_torch_headers)
endfunction()
