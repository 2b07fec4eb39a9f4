# Installs the library from BUILD below SCRATCH, builds the consumer against it and runs it on a model.
function(must)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(code)
    message(FATAL_ERROR "${ARGV}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
must(${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/prefix)
must(${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer -B ${SCRATCH}/build -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix
     -DCMAKE_CXX_FLAGS=${FLAGS} -DEXAMPLES=${SOURCE}/examples -DCOMPONENTS=${COMPONENTS})
must(${CMAKE_COMMAND} --build ${SCRATCH}/build)
must(${SCRATCH}/build/consumer ${SOURCE}/tests/data/pytorch/gat_module_after.pt)
if(COMPONENTS)
  must(${SCRATCH}/build/live_consumer)
endif()
must(${SCRATCH}/prefix/bin/weigh ${SOURCE}/tests/data/pytorch/gat_module_after.pt)
