# SPDX-License-Identifier: Apache-2.0
# C++ programs use find_package(kith COMPONENTS cpp) -> kith::kith, or kith-cpp.pc; C programs use
# find_package(kith COMPONENTS c) -> kith::c, or kith.pc, and need none of Kith's own dependencies.
# No installed file names a folder of the machine that built it: the tree may be moved.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/kith)

install(DIRECTORY include/kith DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(TARGETS kith EXPORT kith-cpp ARCHIVE COMPONENT development)
install(EXPORT kith-cpp NAMESPACE kith:: FILE kith-cpp-targets.cmake DESTINATION ${package_dir}
        COMPONENT development)

configure_package_config_file(cmake/kith-config.cmake.in kith-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(kith-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kith-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/kith-config-version.cmake
              cmake/Findutf8proc.cmake
        DESTINATION ${package_dir} COMPONENT development)

# pkg-config reads ${pcfiledir}, so the prefix is relative to the .pc file.
file(RELATIVE_PATH KITH_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" KITH_PC_PREFIX "${KITH_PC_PREFIX}")
configure_file(cmake/kith-cpp.pc.in kith-cpp.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kith-cpp.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development)

if(TARGET kith_shared)
  install(DIRECTORY capi/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
  install(TARGETS kith_shared EXPORT kith-c
          LIBRARY COMPONENT runtime NAMELINK_COMPONENT development)
  install(EXPORT kith-c NAMESPACE kith:: FILE kith-c-targets.cmake DESTINATION ${package_dir} COMPONENT development)
  configure_file(cmake/kith.pc.in kith.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kith.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
          COMPONENT development)
endif()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)
