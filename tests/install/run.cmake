# SPDX-License-Identifier: Apache-2.0
# Installs the build in BUILD to a fresh prefix under WORK, moves that, and builds and runs the
# consumer against it, on CHECKPOINT and PHOTO: once with CMake, once with pkg-config and the bare
# COMPILER with FLAGS.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WORK} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(consumer ${CMAKE_CURRENT_LIST_DIR}/consumer)
set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first)
file(RENAME ${WORK}/first ${prefix})

run(${CMAKE_COMMAND} -S ${consumer} -B ${WORK}/build -G Ninja -D CMAKE_PREFIX_PATH=${prefix}
  -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_FLAGS=${FLAGS} -D CMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/consumer ${CHECKPOINT})
# The sample of the README, under the names it uses.
file(COPY_FILE ${WORK}/model.safetensors ${WORK}/deit_tiny.safetensors)
file(COPY_FILE ${PHOTO} ${WORK}/photo.jpg)
run(${WORK}/build/short)

file(GLOB_RECURSE pc ${prefix}/vitq.pc)
cmake_path(GET pc PARENT_PATH pc_folder)
set(ENV{PKG_CONFIG_PATH} ${pc_folder})
execute_process(COMMAND pkg-config --static --cflags --libs vitq
  OUTPUT_VARIABLE options OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(options UNIX_COMMAND "${FLAGS} -std=c++20 ${consumer}/main.cpp ${options}")
run(${COMPILER} -o ${WORK}/consumer ${options})
run(${WORK}/consumer ${CHECKPOINT})
file(REMOVE_RECURSE ${WORK})
