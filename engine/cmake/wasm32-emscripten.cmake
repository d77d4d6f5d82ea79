# SPDX-License-Identifier: Apache-2.0
# The toolchain of the presets web and web-threads: Debian's emscripten, and Node to run what it builds.
set(EMSCRIPTEN_SYSTEM_PROCESSOR wasm32)
include(/usr/share/emscripten/cmake/Modules/Platform/Emscripten.cmake)
# Every engine of today has SIMD and exceptions of its own.
set(CMAKE_CXX_FLAGS_INIT
    "-msimd128 -fwasm-exceptions -include ${CMAKE_CURRENT_LIST_DIR}/emscripten/cxx20.h")
# Code of a module stands at one place.
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

# Libraries of headers are those of the host, which are seen without any other header of it.
set(headers ${CMAKE_CURRENT_LIST_DIR}/../../build/web-headers)
foreach(path include/eigen3 include/nlohmann include/stb include/xxhash.h include/doctest share/eigen3
        share/cmake/nlohmann_json lib/cmake/doctest)
  cmake_path(GET path PARENT_PATH folder)
  if(EXISTS /usr/${path} AND NOT EXISTS ${headers}/${path})
    file(MAKE_DIRECTORY ${headers}/${folder})
    file(CREATE_LINK /usr/${path} ${headers}/${path} SYMBOLIC)
  endif()
endforeach()
list(APPEND CMAKE_FIND_ROOT_PATH ${headers})
# emscripten links by Node, to which Debian's modules are strangers where it is not Debian's own.
set(CMAKE_CXX_LINKER_LAUNCHER ${CMAKE_COMMAND} -E env NODE_PATH=/usr/share/nodejs)
