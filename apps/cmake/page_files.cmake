# SPDX-License-Identifier: Apache-2.0
# Makes apps/src/serve/page.h's page_files() of the files in a folder.
# cmake -D FOLDER=apps/page -D OUTPUT=page_files.cpp -P page_files.cmake
include(${CMAKE_CURRENT_LIST_DIR}/../../engine/cmake/Embed.cmake)
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg image/svg+xml)
set(type_webmanifest application/manifest+json)

file(GLOB files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)
set(arrays "")
set(entries "")
set(count 0)
foreach(file IN LISTS files)
  cmake_path(GET file EXTENSION LAST_ONLY ending)
  string(SUBSTRING "${ending}" 1 -1 ending)
  if(NOT DEFINED type_${ending})
    message(FATAL_ERROR "${FOLDER}/${file}: page_files.cmake knows no type for .${ending}")
  endif()
  vitq_embed(${FOLDER}/${file} bytes)
  string(APPEND arrays "constexpr unsigned char k${count}[] = {${bytes}};\n")
  string(APPEND entries
    "    {\"/${file}\", \"${type_${ending}}\",\n"
    "     {reinterpret_cast<const char*>(k${count}), sizeof(k${count}) - 1}},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made by apps/cmake/page_files.cmake.
#include \"serve/page.h\"

namespace vitq::apps {

namespace {

${arrays}
const PageFile kFiles[] = {
${entries}};

}  // namespace

std::span<const PageFile> page_files() {
  return kFiles;
}

}  // namespace vitq::apps
")
