# SPDX-License-Identifier: Apache-2.0
# tests/**/*_test.cpp make one program, kith_tests; every tests/capi/*_test.c is a program of its own against the
# shared library, which passes when it returns 0.
enable_testing()
find_package(GTest REQUIRED)

# KITH_TESTS_ONLY: folders below tests/ to build while working on one area ("sales;people"); empty: all of them.
set(KITH_TESTS_ONLY "" CACHE STRING "Folders of C++ tests to build; empty: all")
file(GLOB_RECURSE KITH_TEST_SOURCES CONFIGURE_DEPENDS tests/*_test.cpp tests/support/*.cpp)
if(KITH_TESTS_ONLY)
  list(JOIN KITH_TESTS_ONLY "|" KITH_TEST_FOLDERS)
  list(FILTER KITH_TEST_SOURCES INCLUDE REGEX "/tests/(support/|engine/toy|(${KITH_TEST_FOLDERS})/)")
endif()
if(KITH_TEST_SOURCES)
  add_executable(kith_tests ${KITH_TEST_SOURCES})
  target_include_directories(kith_tests PRIVATE src tests)
  target_link_libraries(kith_tests PRIVATE kith kith_private GTest::gtest_main kith_warnings)
  # Compiled fast, not to run fast, and alike in every preset, so that a compiler cache serves them all. The library
  # stands first for the linker: of inline functions in both, its copies, optimised or instrumented, are the ones kept.
  target_compile_options(kith_tests PRIVATE -O0)
  target_link_options(kith_tests BEFORE PRIVATE -Wl,--whole-archive $<TARGET_FILE:kith> -Wl,--no-whole-archive)
  # One file knows the path, so that a compiler cache serves every checkout.
  set_source_files_properties(tests/support/source_dir.cpp PROPERTIES
                              COMPILE_DEFINITIONS KITH_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(TARGET kith_capi)
    # The C functions are also reachable from C++ tests, without a second copy of the engine.
    target_sources(kith_tests PRIVATE $<TARGET_OBJECTS:kith_capi>)
    target_include_directories(kith_tests PRIVATE capi/include)
  endif()
  if(KITH_LIBPQ_INCLUDE)
    target_include_directories(kith_tests SYSTEM PRIVATE ${KITH_LIBPQ_INCLUDE})
    target_compile_definitions(kith_tests PRIVATE KITH_POSTGRES)
  endif()
  add_test(NAME kith_tests COMMAND kith_tests)
endif()

add_custom_target(kith_c_tests)
if(TARGET kith_shared)
  file(GLOB KITH_C_TEST_SOURCES CONFIGURE_DEPENDS tests/capi/*_test.c)
  foreach(source IN LISTS KITH_C_TEST_SOURCES)
    cmake_path(GET source STEM name)
    add_executable(c_${name} ${source})
    set_target_properties(c_${name} PROPERTIES OUTPUT_NAME ${name}
                          RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/c_tests)
    target_compile_options(c_${name} PRIVATE -Wall -Wextra -pedantic-errors)
    target_compile_definitions(c_${name} PRIVATE KITH_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_include_directories(c_${name} PRIVATE tests/capi)
    # SQLite too: a host brings its own connection.
    target_link_libraries(c_${name} PRIVATE kith_shared SQLite::SQLite3 ${CMAKE_DL_LIBS})
    if(KITH_LIBPQ_INCLUDE)
      target_include_directories(c_${name} SYSTEM PRIVATE ${KITH_LIBPQ_INCLUDE})
      target_compile_definitions(c_${name} PRIVATE KITH_POSTGRES)
    endif()
    add_dependencies(kith_c_tests c_${name})
    add_test(NAME ${name} COMMAND c_${name})
  endforeach()
endif()
