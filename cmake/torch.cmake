# libtorch as one target, weigh_libtorch, and its headers precompiled: they take ten seconds and more to parse.
find_package(Torch REQUIRED)
add_library(weigh_libtorch INTERFACE)
target_link_libraries(weigh_libtorch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(weigh_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})

weigh_precompiled(weigh_torch_headers HEADERS <torch/torch.h> <torch/library.h> LIBRARIES weigh_libtorch)

# Room of libtorch: as weigh_room, with libtorch and its precompiled headers. Each file is compiled alone, for layers and
# kernels that are alike have names that are alike, but where TOGETHER is said.
function(weigh_torch_room name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "TOGETHER" "" "SOURCES;ROOMS;LIBRARIES")
  weigh_room(${name} FOLDER torch/${name} SOURCES ${ARG_SOURCES} ROOMS ${ARG_ROOMS}
             LIBRARIES weigh_libtorch ${ARG_LIBRARIES} HEADERS weigh_torch_headers APART)
  if(ARG_TOGETHER)
    weigh_compile_together(weigh_${name} ${ARG_SOURCES})
  endif()
endfunction()
