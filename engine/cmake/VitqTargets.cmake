# SPDX-License-Identifier: Apache-2.0
# One way to make a library of the project, so that every module has the same warnings and layout.

add_library(vitq_warnings INTERFACE)
# clang takes double{x} for an implicit promotion, too.
target_compile_options(vitq_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wcast-qual
  -Wcast-align $<$<CXX_COMPILER_ID:GNU>:-Wdouble-promotion> -Wnon-virtual-dtor -Woverloaded-virtual
  -Wformat=2 -Wundef
  $<$<BOOL:${VITQ_WERROR}>:-Werror>)

# vitq_precompile(TARGET [<header> ...]): reading the standard library is most of the time that a small
# file takes to compile. Presets that lint or use another compiler turn this off
# (CMAKE_DISABLE_PRECOMPILE_HEADERS), so that every file still includes what it uses.
function(vitq_precompile target)
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <cmath> <cstdint> <filesystem> <functional> <map> <memory> <numeric> <optional>
    <set> <span> <string> <string_view> <variant> <vector> ${ARGN})
endfunction()

# vitq_unity_by_folder(TARGET file.cpp ...): in a unity build the files of a folder are compiled together.
# So only they need names of their own for what is theirs alone.
function(vitq_unity_by_folder target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
  foreach(file IN LISTS ARGN)
    get_filename_component(folder ${file} DIRECTORY)
    string(MAKE_C_IDENTIFIER ${folder} group)
    set_source_files_properties(${file} PROPERTIES UNITY_GROUP ${group})
    # Kernels have rules of their own, which clang-tidy finds beside the file that it is given.
    if(CMAKE_CXX_CLANG_TIDY AND folder MATCHES "^src/kernels")
      set_source_files_properties(${file} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()

# vitq_library(NAME SOURCES a.cpp ... HEADERS include/vitq/a.h ... [INTERNAL include/vitq/b.h ...]
#              [PUBLIC targets ...] [PRIVATE targets ...])
# makes the static library vitq::NAME from the current folder. HEADERS are installed; INTERNAL ones are for
# the other modules of the build alone; src/ is private.
function(vitq_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;INTERNAL;PUBLIC;PRIVATE" ${ARGN})
  add_library(vitq_${name} STATIC ${ARG_SOURCES})
  add_library(vitq::${name} ALIAS vitq_${name})
  set_target_properties(vitq_${name} PROPERTIES
    EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL})
  target_compile_features(vitq_${name} PUBLIC cxx_std_20)
  target_sources(vitq_${name} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${ARG_HEADERS})
  target_sources(vitq_${name} PRIVATE FILE_SET internal TYPE HEADERS BASE_DIRS include FILES ${ARG_INTERNAL})
  target_include_directories(vitq_${name} PRIVATE src)
  target_link_libraries(vitq_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} $<BUILD_INTERFACE:vitq_warnings>)
  # All libraries share one precompiled header, that of the lowest.
  if(name STREQUAL engine)
    vitq_precompile(vitq_engine)
  else()
    target_precompile_headers(vitq_${name} REUSE_FROM vitq_engine)
  endif()
  vitq_unity_by_folder(vitq_${name} ${ARG_SOURCES})
  set_property(GLOBAL APPEND PROPERTY VITQ_LIBRARIES vitq_${name})
endfunction()
