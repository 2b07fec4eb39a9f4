# Two packages for the Debian that it is built on, by cpack: weigh is the program, libweigh-dev the library.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "weigh developers <weigh@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "tell what a neural network is made of")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME weigh)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
# dpkg-shlibdeps does not see a library that is loaded when it is needed (cmake/lean_start.cmake).
foreach(kind IN ITEMS RELWITHDEBINFO NONE)
  get_target_property(simdjson simdjson::simdjson IMPORTED_LOCATION_${kind})
  if(simdjson)
    file(REAL_PATH ${simdjson} simdjson)
    execute_process(COMMAND dpkg-query --search ${simdjson} OUTPUT_VARIABLE owner ERROR_QUIET)
    string(REGEX REPLACE ":.*" "" CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "${owner}")
    break()
  endif()
endforeach()
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION
"Reads the files of neural networks (PyTorch, safetensors, GGUF, ONNX, Keras
and others) without executing or loading them, and shows their modules,
parameters, bytes and shapes, and what is not initialised yet.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libweigh-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libsimdjson-dev, libzstd-dev, zlib1g-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
"The library of the program weigh: headers of C++ 20, a static library, and
what CMake's find_package(weigh) looks for.")

# What Debian asks of every package.
string(TIMESTAMP WEIGH_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(packaging/changelog.in ${CMAKE_BINARY_DIR}/packaging/changelog @ONLY)
execute_process(COMMAND ${GZIP} -9nf ${CMAKE_BINARY_DIR}/packaging/changelog COMMAND_ERROR_IS_FATAL ANY)
foreach(package IN ITEMS weigh libweigh-dev)
  set(component ${for_users})
  if(package STREQUAL "libweigh-dev")
    set(component ${for_developers})
  endif()
  install(FILES packaging/copyright ${CMAKE_BINARY_DIR}/packaging/changelog.gz
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} ${component})
endforeach()
install(FILES packaging/weigh.lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME weigh
        ${for_users})

include(CPack)
