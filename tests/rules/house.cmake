# SPDX-License-Identifier: Apache-2.0
# Small habits that a reader relies on. The license line comes first, every source is built, every public
# header is installed, and nothing is left for later. Numbers are written the same in every locale.
# The libraries neither print nor exit, and of the environment read the instruction set to use.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)

find_files(files *.cpp *.h *.inl *.py *.cmake CMakeLists.txt *.js *.css *.html *.svg)
foreach(file IN LISTS files ITEMS CMakeLists.txt dev .ci/run)
  file(STRINGS ${ROOT}/${file} head LIMIT_COUNT 2)
  if(NOT head MATCHES "^(#![^;]*;)?(//|#|/\\*|<!--) SPDX-License-Identifier: Apache-2.0")
    breach("${file}: does not begin with its SPDX line")
  endif()
  file(STRINGS ${ROOT}/${file} later REGEX "TOD[O]|FIXM[E]")
  if(later)
    breach("${file}: left undone: ${later}")
  endif()
endforeach()

foreach(module engine models quantizer weights_tools)
  if(NOT EXISTS ${ROOT}/${module}/CMakeLists.txt)
    continue()
  endif()
  file(READ ${ROOT}/${module}/CMakeLists.txt listing)
  file(GLOB_RECURSE sources RELATIVE ${ROOT}/${module}
    ${ROOT}/${module}/src/*.cpp ${ROOT}/${module}/include/*.h)
  foreach(source IN LISTS sources)
    string(FIND "${listing}" "${source}" at)
    if(at EQUAL -1)
      breach("${module}/${source}: not listed in ${module}/CMakeLists.txt")
    endif()
  endforeach()
endforeach()

list(FILTER files INCLUDE REGEX "^(engine|models|quantizer|weights_tools|apps)/.*\\.(cpp|h|inl)$")
# emscripten's C library has one locale.
list(REMOVE_ITEM files engine/cmake/emscripten/cxx20.h)
# A stream formats even integers as the global locale says, which belongs to the program around. The C
# library reads and writes numbers by it, too. Our programs set none, so that they may print with it.
foreach(file IN LISTS files)
  file(READ ${ROOT}/${file} text)
  if(text MATCHES "[^a-z_](strto(d|f|ld)|sto(d|f|ld)|ato[fil]|s?scanf)\\(")
    breach("${file}: reads numbers by the locale; std::from_chars does not")
  elseif(NOT file MATCHES "^apps/" AND text MATCHES "[^a-z_]v?snprintf\\(")
    breach("${file}: writes by the locale; std::to_chars does not")
  endif()
  if(text MATCHES "std::o?stringstream [a-z]" AND NOT text MATCHES "imbue\\(std::locale::classic\\(\\)\\)")
    breach("${file}: a string stream does not imbue std::locale::classic()")
  elseif(text MATCHES "std::locale::global|setlocale\\(")
    breach("${file}: sets the locale of the whole program")
  endif()
endforeach()

list(FILTER files EXCLUDE REGEX "^apps/")
set(forbidden "std::(cout|cerr|clog)|[^a-z_](printf|puts|getenv|exit|abort)\\(")
foreach(file IN LISTS files)
  file(STRINGS ${ROOT}/${file} lines REGEX "${forbidden}")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^[ \t]*//|getenv\\(\"VITQ_ISA\"\\)")
      breach("${file}: a library neither prints, exits nor reads the environment: ${line}")
    endif()
  endforeach()
endforeach()
