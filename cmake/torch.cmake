# libtorch as one target, weigh_libtorch, and its headers precompiled: they take ten seconds and more to parse.
find_package(Torch REQUIRED)
add_library(weigh_libtorch INTERFACE)
target_link_libraries(weigh_libtorch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(weigh_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})

weigh_precompiled(weigh_torch_headers HEADERS <torch/torch.h> <torch/library.h> LIBRARIES weigh_libtorch)

# Room of libtorch: as weigh_room, with libtorch and its precompiled headers.
function(weigh_torch_room name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;ROOMS;LIBRARIES")
  weigh_room(${name} FOLDER torch/${name} SOURCES ${ARG_SOURCES} ROOMS ${ARG_ROOMS}
             LIBRARIES weigh_libtorch ${ARG_LIBRARIES} HEADERS weigh_torch_headers)
endfunction()
