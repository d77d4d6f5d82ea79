# SPDX-License-Identifier: Apache-2.0
# The rule scripts share what stands here. They run as `cmake -D ROOT=<tree> -P rule.cmake` and look at the
# files of the tree alone (nothing is built). They report every breach with its file, and fail if there was
# one.
cmake_minimum_required(VERSION 3.25)

# find_files(OUT GLOB...): paths relative to ROOT, of the project's folders only.
function(find_files out)
  set(found)
  foreach(folder engine models quantizer weights_tools bindings apps tests)
    foreach(glob IN LISTS ARGN)
      file(GLOB_RECURSE some LIST_DIRECTORIES false RELATIVE ${ROOT} ${ROOT}/${folder}/${glob})
      list(APPEND found ${some})
    endforeach()
  endforeach()
  list(FILTER found EXCLUDE REGEX "/(build|\\.venv[^/]*|__pycache__)/")
  set(${out} ${found} PARENT_SCOPE)
endfunction()

function(breach text)
  message(SEND_ERROR "${text}")
endfunction()
