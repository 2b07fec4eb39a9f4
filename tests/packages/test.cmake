# Tries what was unpacked from PACKAGES to PREFIX: the program, its manual page, completions for bash, and a program that is built with
# the library.
function(must)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(code)
    message(FATAL_ERROR "${ARGV}\n${output}${errors}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect expected)
  if(NOT output STREQUAL expected)
    message(FATAL_ERROR "expected\n${expected}\ngot\n${output}")
  endif()
endfunction()

file(STRINGS ${SOURCE}/CMakeLists.txt version REGEX "^project\\(weigh VERSION")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" version "${version}")
must(${PREFIX}/bin/weigh --version)
expect("weigh ${version}\n")

must(${PREFIX}/bin/weigh man)
set(manual "${output}")
must(gzip -dc ${PREFIX}/share/man/man1/weigh.1.gz)
expect("${manual}")
foreach(file IN ITEMS bash-completion/completions/weigh zsh/vendor-completions/_weigh fish/vendor_completions.d/weigh.fish)
  if(NOT EXISTS ${PREFIX}/share/${file})
    message(FATAL_ERROR "${file} is not there")
  endif()
endforeach()

# JSON is read by a library that is loaded only then.
must(${PREFIX}/bin/weigh ${SOURCE}/tests/data/safetensors/sharded)
file(GLOB package ${PACKAGES}/weigh_*.deb)
must(dpkg-deb --field ${package} Depends)
if(NOT output MATCHES "libc6 \\(>= [0-9.]+\\)" OR NOT output MATCHES "libsimdjson[0-9]+")
  message(FATAL_ERROR "the package depends on: ${output}")
endif()

must(${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer -B ${SCRATCH} -DCMAKE_PREFIX_PATH=${PREFIX} -DEXAMPLES=${SOURCE}/examples)
must(${CMAKE_COMMAND} --build ${SCRATCH})
must(${SCRATCH}/consumer ${SOURCE}/tests/data/pytorch/gat_module_after.pt)
