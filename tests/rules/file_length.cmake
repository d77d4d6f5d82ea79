# SPDX-License-Identifier: Apache-2.0
# A file tells one story: at most 300 lines of code, build description or script.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)

set(limit 300)
find_files(files *.cpp *.h *.inl *.py *.cmake CMakeLists.txt *.js *.css *.html)
foreach(file IN LISTS files ITEMS CMakeLists.txt dev)
  file(READ ${ROOT}/${file} text)
  string(REGEX REPLACE "[^\n]+" "" newlines "${text}")
  string(LENGTH "${newlines}" lines)
  if(lines GREATER limit)
    breach("${file}: ${lines} lines, at most ${limit} are allowed: split it by what it is about")
  endif()
endforeach()
