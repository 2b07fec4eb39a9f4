weigh_test(architecture FILES architecture/formats_test.cpp architecture/includes_test.cpp)

set(sanitizers)
if(WEIGH_SANITIZE)
  set(sanitizers -fsanitize=${WEIGH_SANITIZE})
endif()
add_test(NAME architecture.installed_library_is_found_and_used
         COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DBUILD=${CMAKE_BINARY_DIR}
                 -DSCRATCH=${CMAKE_BINARY_DIR}/consumer -DFLAGS=${sanitizers}
                 -DCOMPONENTS=$<$<BOOL:${WEIGH_TORCH}>:torch>
                 -P ${CMAKE_CURRENT_SOURCE_DIR}/consumer/test.cmake)
