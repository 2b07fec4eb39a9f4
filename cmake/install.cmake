# find_package(weigh) gives weigh::weigh, find_package(weigh COMPONENTS torch) weigh::torch as well.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weigh)

# What is installed together: the program, and what it takes to build with the library.
set(for_users COMPONENT program)
set(for_developers COMPONENT development)

install(TARGETS weigh_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} ${for_users})
install(TARGETS weigh EXPORT weigh ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} ${for_developers})
install(DIRECTORY include/weigh DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${for_developers})
install(EXPORT weigh NAMESPACE weigh:: FILE weighTargets.cmake DESTINATION ${package_dir} ${for_developers})
export(EXPORT weigh NAMESPACE weigh:: FILE ${CMAKE_BINARY_DIR}/weighTargets.cmake)  # found in the build, too
if(WEIGH_TORCH)
  install(TARGETS weigh_torch_archive EXPORT weigh_torch ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} ${for_developers})
  install(EXPORT weigh_torch NAMESPACE weigh:: FILE weighTorchTargets.cmake DESTINATION ${package_dir} ${for_developers})
endif()
configure_package_config_file(cmake/weighConfig.cmake.in ${CMAKE_BINARY_DIR}/weighConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/weighConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/weighConfig.cmake ${CMAKE_BINARY_DIR}/weighConfigVersion.cmake
        DESTINATION ${package_dir} ${for_developers})

if(PROJECT_IS_TOP_LEVEL)
  include(cmake/manual.cmake)
  include(cmake/package.cmake)
endif()
