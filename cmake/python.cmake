# weighbridge._weigh, the core as an extension module. In the wheel it is built in nanobind's split mode: it needs the
# stable ABI of CPython 3.10 alone, and the package nanobind-backend brings what differs between versions. Plain stable
# ABI begins with 3.12 and is silently ignored below.
find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
find_package(nanobind 3 CONFIG REQUIRED)

set(view ${CMAKE_BINARY_DIR}/rooms/python)
file(MAKE_DIRECTORY ${view})
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/python ${view}/python SYMBOLIC)

set(split_mode "")
if(SKBUILD)
  set(split_mode BACKEND_MODULE nanobind_backend)
endif()
nanobind_add_module(_weigh ${split_mode}
  src/python/check.cpp src/python/diff.cpp src/python/errors.cpp src/python/live.cpp src/python/model.cpp src/python/module.cpp src/python/paths.cpp
  src/python/plain.cpp src/python/plan.cpp
  src/python/read.cpp src/python/sequences.cpp
  src/python/summary.cpp src/python/totals.cpp)
target_include_directories(_weigh PRIVATE ${view})
target_link_libraries(_weigh PRIVATE weigh::weigh)
# Debian's static zlib is made for programs: it fits into a shared library whose symbols nobody else can replace.
target_link_options(_weigh PRIVATE LINKER:-Bsymbolic LINKER:--exclude-libs,ALL)
install(TARGETS _weigh LIBRARY DESTINATION weighbridge)
if(WEIGH_CORE)
  install(PROGRAMS ${WEIGH_CORE}/weigh DESTINATION ${SKBUILD_SCRIPTS_DIR})
else()
  install(TARGETS weigh_program RUNTIME DESTINATION ${SKBUILD_SCRIPTS_DIR})
endif()
