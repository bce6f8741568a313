# SPDX-License-Identifier: Apache-2.0
# The extension _kith links the engine statically with hidden symbols and SQLite dynamically, so that one process
# never holds two copies of SQLite. `pip install .` builds it through scikit-build-core; a plain CMake build stages
# an importable package: PYTHONPATH=<build>/python.
if(NOT DEFINED SKBUILD AND NOT DEFINED Python_EXECUTABLE AND EXISTS ${PROJECT_SOURCE_DIR}/.venv/bin/python)
  set(Python_EXECUTABLE ${PROJECT_SOURCE_DIR}/.venv/bin/python)
endif()
set(PYBIND11_FINDPYTHON ON)
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
if(NOT pybind11_DIR)
  execute_process(COMMAND ${Python_EXECUTABLE} -m pybind11 --cmakedir OUTPUT_VARIABLE pybind11_DIR
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT pybind11_DIR)
  message(FATAL_ERROR "pybind11 3 is not in ${Python_EXECUTABLE}. Run cmake/setup.sh venv, or pip install pybind11.")
endif()
find_package(pybind11 3 REQUIRED CONFIG)

file(GLOB KITH_PYTHON_SOURCES CONFIGURE_DEPENDS bindings/python/src/*.cpp)
if(NOT KITH_PYTHON_SOURCES)
  message(FATAL_ERROR "KITH_PYTHON is ON, but bindings/python/src holds no source.")
endif()
pybind11_add_module(_kith MODULE ${KITH_PYTHON_SOURCES} $<TARGET_OBJECTS:kith_objects>)
target_include_directories(_kith PRIVATE include src)
target_compile_definitions(_kith PRIVATE KITH_VERSION="${PROJECT_VERSION}")
target_link_libraries(_kith PRIVATE kith_private kith_warnings ${CMAKE_DL_LIBS})

if(DEFINED SKBUILD)
  install(TARGETS _kith LIBRARY DESTINATION kith COMPONENT python)
else()
  set_target_properties(_kith PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/python/kith)
  add_custom_target(kith_python_package ALL
                    COMMAND ${CMAKE_COMMAND} -E copy_directory ${PROJECT_SOURCE_DIR}/bindings/python/kith
                            ${PROJECT_BINARY_DIR}/python/kith
                    COMMENT "Staging the Python package under python/" VERBATIM)
  add_dependencies(kith_python_package _kith)
endif()
