# find_package(weigh) gives weigh::weigh, find_package(weigh COMPONENTS torch) weigh::torch as well.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weigh)

install(TARGETS weigh EXPORT weigh ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS weigh_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/weigh DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT weigh NAMESPACE weigh:: FILE weighTargets.cmake DESTINATION ${package_dir})
export(EXPORT weigh NAMESPACE weigh:: FILE ${CMAKE_BINARY_DIR}/weighTargets.cmake)  # found in the build, too
if(WEIGH_TORCH)
  install(TARGETS weigh_torch_archive EXPORT weigh_torch ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT weigh_torch NAMESPACE weigh:: FILE weighTorchTargets.cmake DESTINATION ${package_dir})
endif()
configure_package_config_file(cmake/weighConfig.cmake.in ${CMAKE_BINARY_DIR}/weighConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/weighConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/weighConfig.cmake ${CMAKE_BINARY_DIR}/weighConfigVersion.cmake
        DESTINATION ${package_dir})
