# SPDX-License-Identifier: Apache-2.0
# Integer-only steps are C, which vit_export writes as well, so that it is compiled as that.
set(integer_only_tiers src/kernels/integer_only/c/baseline.c)
if(VITQ_X86)
  list(APPEND integer_only_tiers
    src/kernels/x86/integer_only_avx2.c src/kernels/x86/integer_only_avx512.c)
  set_source_files_properties(src/kernels/x86/integer_only_avx2.c PROPERTIES COMPILE_OPTIONS -mavx2)
  set_source_files_properties(src/kernels/x86/integer_only_avx512.c PROPERTIES COMPILE_OPTIONS "${avx512}")
endif()
add_library(vitq_integer_only OBJECT ${integer_only_tiers})
# Hidden, since libvitq.so shows what begins with vitq_.
set_target_properties(vitq_integer_only PROPERTIES UNITY_BUILD OFF C_VISIBILITY_PRESET hidden)
target_include_directories(vitq_integer_only PRIVATE src)
target_compile_options(vitq_integer_only PRIVATE
  $<IF:$<BOOL:${EMSCRIPTEN}>,-Oz,-O3> -ffreestanding -Wall -Wextra -Wpedantic -Wconversion -Wshadow $<$<BOOL:${VITQ_WERROR}>:-Werror>)
target_sources(vitq_engine PRIVATE $<TARGET_OBJECTS:vitq_integer_only>)

set(c_sources ${CMAKE_CURRENT_BINARY_DIR}/c_sources.cpp)
file(GLOB c_functions CONFIGURE_DEPENDS src/kernels/integer_only/c/*.h)
add_custom_command(OUTPUT ${c_sources}
  COMMAND ${CMAKE_COMMAND} -D FOLDER=${CMAKE_CURRENT_SOURCE_DIR}/src/kernels/integer_only/c
    -D OUTPUT=${c_sources} -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/c_sources.cmake
  DEPENDS ${c_functions} cmake/c_sources.cmake
  COMMENT "Making the C functions part of the engine")
target_sources(vitq_engine PRIVATE ${c_sources})
