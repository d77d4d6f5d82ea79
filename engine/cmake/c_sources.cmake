# SPDX-License-Identifier: Apache-2.0
# Makes engine/src/export/c_sources.h's c_sources() of the C functions of integer-only steps.
# cmake -D FOLDER=engine/src/kernels/integer_only/c -D OUTPUT=c_sources.cpp -P c_sources.cmake
include(${CMAKE_CURRENT_LIST_DIR}/Embed.cmake)
set(arrays "")
set(entries "")
foreach(file steps fixed rows memory rowwise linear attention run)
  vitq_embed(${FOLDER}/${file}.h bytes)
  string(SUBSTRING ${file} 0 1 first)
  string(TOUPPER ${first} first)
  string(SUBSTRING ${file} 1 -1 rest)
  set(name k${first}${rest})
  string(APPEND arrays "constexpr char ${name}[] = {${bytes}};\n")
  string(APPEND entries "    {${name}, sizeof(${name}) - 1},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by engine/cmake/c_sources.cmake.
#include \"export/c_sources.h\"

namespace vitq {

namespace {

${arrays}
constexpr std::string_view kSources[] = {
${entries}};

}  // namespace

std::span<const std::string_view> c_sources() {
  return kSources;
}

}  // namespace vitq
")
