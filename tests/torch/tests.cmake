weigh_precompiled(weigh_torch_test_headers HEADERS <torch/torch.h> <torch/library.h> LIBRARIES weigh_libtorch
                  OPTIONS -O0)

# Tests of the rooms of libtorch: weigh_torch_test(nn FILES torch/nn/lazy_linear_test.cpp … ROOMS nn).
function(weigh_torch_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "SHARES" "FILES;ROOMS;LIBRARIES")
  if(NOT ARG_SHARES)
    set(ARG_SHARES 1)
  endif()
  weigh_test(${name} SHARES ${ARG_SHARES} FILES ${ARG_FILES} ROOMS ${ARG_ROOMS} LIBRARIES weigh_libtorch ${ARG_LIBRARIES}
             HEADERS weigh_torch_test_headers)
endfunction()

weigh_torch_test(nn
  FILES torch/nn/archive_test.cpp torch/nn/copies_test.cpp torch/nn/lazy_conv_test.cpp
        torch/nn/lazy_linear_test.cpp torch/nn/lazy_module_test.cpp torch/nn/lazy_norm_test.cpp
        torch/nn/uninitialized_test.cpp
  ROOMS nn bytes)
weigh_torch_test(graph
  FILES torch/graph/error_test.cpp torch/graph/golden.cpp torch/graph/golden_test.cpp torch/graph/gradient_test.cpp
        torch/graph/initial_test.cpp torch/graph/layer_test.cpp
  ROOMS nn bytes
  LIBRARIES nlohmann_json::nlohmann_json)

weigh_torch_test(dry_run SHARES 4
  FILES torch/dry_run/build_test.cpp torch/dry_run/describe_test.cpp torch/dry_run/flops_test.cpp
        torch/dry_run/kinds_test.cpp torch/dry_run/layers_test.cpp torch/dry_run/operators_test.cpp
        torch/dry_run/runs_test.cpp
        torch/dry_run/script_test.cpp torch/dry_run/unchanged_test.cpp
  ROOMS dry_run nn conventions model bytes
  LIBRARIES nlohmann_json::nlohmann_json)
weigh_torch_test(summary
  FILES torch/summary/golden_test.cpp torch/summary/lazy_table_test.cpp torch/summary/model_summary_test.cpp
  ROOMS summary dry_run nn render check compare analysis conventions model bytes
  LIBRARIES nlohmann_json::nlohmann_json)
weigh_torch_test(weights
  FILES torch/weights/load_state_dict_test.cpp torch/weights/load_test.cpp torch/weights/save_test.cpp
  ROOMS weights places formats conventions analysis nn model wire bytes
  LIBRARIES nlohmann_json::nlohmann_json)
# Several processes, which the tests start.
function(weigh_process_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "SHARES" "FILES;PROGRAM;ROOMS;LIBRARIES")
  if(NOT ARG_SHARES)
    set(ARG_SHARES 1)
  endif()
  weigh_torch_test(${name} SHARES ${ARG_SHARES} FILES ${ARG_FILES} torch/processes/run.cpp ROOMS ${ARG_ROOMS} LIBRARIES ${ARG_LIBRARIES})
  add_executable(test_${name}_program ${ARG_PROGRAM})
  list(TRANSFORM ARG_ROOMS PREPEND weigh_)
  target_link_libraries(test_${name}_program PRIVATE ${ARG_ROOMS} weigh_libtorch weigh_flags ${ARG_LIBRARIES})
  target_include_directories(test_${name}_program PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_precompile_headers(test_${name}_program REUSE_FROM weigh_torch_test_headers)
  target_compile_options(test_${name}_program PRIVATE -O0)
  target_compile_definitions(test_${name} PRIVATE WEIGH_PROCESS_PROGRAM="$<TARGET_FILE:test_${name}_program>")
  add_dependencies(test_${name} test_${name}_program)
endfunction()

weigh_process_test(processes SHARES 2
  FILES torch/processes/group_test.cpp torch/processes/member_test.cpp
  PROGRAM torch/processes/program.cpp
  ROOMS processes bytes)
weigh_process_test(lightning SHARES 6
  FILES torch/lightning/callbacks_test.cpp torch/lightning/checkpoint_test.cpp torch/lightning/docs_test.cpp
        torch/lightning/fit_test.cpp torch/lightning/hooks_test.cpp torch/lightning/lazy_test.cpp
        torch/lightning/manual_test.cpp torch/lightning/numbers_test.cpp torch/lightning/recorders_test.cpp
        torch/lightning/ended_process_test.cpp torch/lightning/processes_test.cpp
  PROGRAM torch/lightning/processes_program.cpp
  ROOMS lightning processes summary weights places formats conventions dry_run nn render check compare analysis model wire bytes
  LIBRARIES nlohmann_json::nlohmann_json)
# Processes that train, for the tests to end.
add_executable(lightning_run torch/lightning/run.cpp)
target_link_libraries(lightning_run PRIVATE weigh::torch weigh_flags weigh_fmt)
target_precompile_headers(lightning_run REUSE_FROM weigh_torch_test_headers)
target_compile_options(lightning_run PRIVATE -O0)
target_compile_definitions(test_lightning PRIVATE
  WEIGH_LIGHTNING_RUN="$<TARGET_FILE:lightning_run>" WEIGH_GATV2="${CMAKE_BINARY_DIR}/examples/gatv2")
add_dependencies(test_lightning lightning_run gatv2)

# Mistakes that do not compile say what they are.
get_target_property(torch_includes weigh_libtorch INTERFACE_INCLUDE_DIRECTORIES)
# Named as a library's, a folder of the compiler's own stands before the standard library's and hides its headers.
list(REMOVE_ITEM torch_includes ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
list(TRANSFORM torch_includes PREPEND "-isystem ")
list(JOIN torch_includes " " torch_includes)
add_test(NAME misuse COMMAND ${CMAKE_COMMAND} -DCOMPILER=${CMAKE_CXX_COMPILER} -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/torch/misuse/misuse.cpp
         "-DFLAGS=${TORCH_CXX_FLAGS} -I${PROJECT_SOURCE_DIR}/include ${torch_includes}"
         -P ${CMAKE_CURRENT_SOURCE_DIR}/torch/misuse/test.cmake)
