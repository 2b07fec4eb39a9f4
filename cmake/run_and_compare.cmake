# Runs PROGRAM ARGUMENT in FOLDER; its exit code must be CODE and its output the text of the file EXPECTED.
execute_process(COMMAND ${PROGRAM} ${ARGUMENT} WORKING_DIRECTORY ${FOLDER} OUTPUT_VARIABLE output RESULT_VARIABLE code)
file(READ ${EXPECTED} expected)
if(NOT code EQUAL CODE)
  message(FATAL_ERROR "exit code ${code}, expected ${CODE}; output:\n${output}")
endif()
if(NOT output STREQUAL expected)
  message(FATAL_ERROR "printed:\n${output}\nexpected:\n${expected}")
endif()
