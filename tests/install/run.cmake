# SPDX-License-Identifier: Apache-2.0
# This installs the build in BUILD to a fresh prefix under WORK and moves that. It builds and runs EXAMPLES
# against it, on CHECKPOINT and PHOTO. It does so once with CMake, and once with pkg-config and the bare
# COMPILER with FLAGS. Headers that are for vitq's own build alone must not be there.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WORK} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first)
file(RENAME ${WORK}/first ${prefix})
foreach(internal canonical_names gemm pareto)
  if(EXISTS ${prefix}/include/vitq/${internal}.h)
    message(FATAL_ERROR "vitq/${internal}.h is internal, but was installed")
  endif()
endforeach()

run(${CMAKE_COMMAND} -S ${EXAMPLES} -B ${WORK}/build -G Ninja -D CMAKE_PREFIX_PATH=${prefix}
  -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_FLAGS=${FLAGS} -D CMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/quantize ${CHECKPOINT} float.safetensors int8.safetensors ${PHOTO})
run(${WORK}/build/classify int8.safetensors ${PHOTO})

file(GLOB_RECURSE pc ${prefix}/vitq.pc)
cmake_path(GET pc PARENT_PATH pc_folder)
set(ENV{PKG_CONFIG_PATH} ${pc_folder})
execute_process(COMMAND pkg-config --static --cflags --libs vitq
  OUTPUT_VARIABLE options OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(options UNIX_COMMAND "${FLAGS} -std=c++20 ${EXAMPLES}/quantize.cpp ${options}")
run(${COMPILER} -o ${WORK}/quantize ${options})
run(${WORK}/quantize ${CHECKPOINT} float.safetensors int8.safetensors ${PHOTO})
file(REMOVE_RECURSE ${WORK})
