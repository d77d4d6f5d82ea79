# SPDX-License-Identifier: Apache-2.0
# One name, one type: two definitions of a name in one namespace are undefined behaviour that no linker
# reports. Types of unnamed namespaces may share their names with each other, but not with a type of
# a header of the namespace around.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)

# note(NAME PLACE): a definition that other files may see.
function(note name place)
  if(DEFINED "place_${name}")
    breach("${name} is defined twice: in ${place_${name}} and in ${place}")
  endif()
  set("place_${name}" "${place}" PARENT_SCOPE)
endfunction()

# The sources are formatted by clang-format: namespaces are not indented, and say where they end unless
# they hold a single line.
find_files(files *.cpp *.h *.inl)
list(FILTER files EXCLUDE REGEX "^tests/")
set(definition "(struct|class|union|enum class|enum) ([[][[][^]]*[]][]] |alignas[(][^)]*[)] )*([A-Za-z0-9_:<>, ]*[A-Za-z0-9_>])")
set(unnamed)
foreach(file IN LISTS files)
  file(READ ${ROOT}/${file} text)
  string(REPLACE ";" "@" text "\n${text}")
  string(REGEX REPLACE "\nnamespace [A-Za-z0-9_:]+ {\n[^\n]*\n}\n" "\n" text "${text}")
  string(REGEX MATCHALL "\n(namespace [^\n=]*{|}  // namespace|(struct|class|union|enum) [^\n]*)" lines "${text}")
  set(scopes)  # each as vitq::apps:: or, unnamed, -::
  foreach(line IN LISTS lines)
    if(line MATCHES "^\nnamespace ([A-Za-z0-9_:]*) ?{")
      if(CMAKE_MATCH_1 STREQUAL "")
        list(APPEND scopes "-::")
      else()
        list(APPEND scopes "${CMAKE_MATCH_1}::")
      endif()
    elseif(line MATCHES "^\n}")
      list(POP_BACK scopes)
    elseif(line MATCHES "{" OR NOT line MATCHES "@")  # else it only declares
      string(REGEX REPLACE " final|[ {:]+$| : .*| {.*" "" line "${line}")
      string(REGEX MATCH "${definition}" matched "${line}")
      if(NOT matched)  # constants of an enum without a name
        continue()
      endif()
      string(CONCAT name ${scopes} "${CMAKE_MATCH_3}")
      if("-::" IN_LIST scopes)
        string(REPLACE "-::" "" name "${name}")
        list(APPEND unnamed "${name}=${file}")
      else()
        note("${name}" ${file})
      endif()
    endif()
  endforeach()
endforeach()

foreach(type IN LISTS unnamed)
  string(REGEX MATCH "^(.*)=(.*)$" matched "${type}")
  set(name "${CMAKE_MATCH_1}")
  set(file ${CMAKE_MATCH_2})
  if(DEFINED "place_${name}")
    breach("${name} is defined twice: in ${place_${name}} and, unnamed, in ${file}")
  endif()
endforeach()
