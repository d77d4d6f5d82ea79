# SPDX-License-Identifier: Apache-2.0
# Kernels of WebAssembly that clang 19 compiles: clang 14, which emscripten has, vectorizes less and knows no
# products of relaxed SIMD.
find_program(VITQ_WASM_CXX clang++-19 REQUIRED)
find_program(VITQ_WASM_LD wasm-ld-14 REQUIRED)

# vitq_wasm_object(FILE OPTION ...): compiles FILE to FILE.o in the build folder.
function(vitq_wasm_object file)
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${file}.o)
  add_custom_command(OUTPUT ${object} DEPENDS ${source} DEPFILE ${object}.d
    COMMAND ${VITQ_WASM_CXX} --target=wasm32-unknown-emscripten --sysroot=${EMSCRIPTEN_SYSROOT}
      -mcpu=mvp -msimd128 -msign-ext -mmutable-globals -mbulk-memory $<$<BOOL:${VITQ_WEB_THREADS}>:-matomics>
      -std=c++20 -O3 -ffp-contract=off -fno-exceptions -Wall -Wextra -Wconversion ${ARGN}
      -I${CMAKE_CURRENT_SOURCE_DIR}/src -MD -MF ${object}.d -MT ${object} -c ${source} -o ${object})
endfunction()

# vitq_relaxed_simd(TARGET FILE): lets all that links TARGET have the module of FILE, with relaxed SIMD.
function(vitq_relaxed_simd target file)
  set(folder ${CMAKE_CURRENT_BINARY_DIR})
  set(library ${folder}/relaxed_simd.js)
  set(template ${CMAKE_CURRENT_SOURCE_DIR}/src/kernels/wasm/relaxed_simd.js.in)
  set(embed ${PROJECT_SOURCE_DIR}/engine/cmake/emscripten/embed.cmake)
  vitq_wasm_object(${file} -mrelaxed-simd)
  add_custom_command(OUTPUT ${library} DEPENDS ${folder}/${file}.o ${template} ${embed}
    COMMAND ${VITQ_WASM_LD} --no-entry --export=vitq_relaxed_works --export=vitq_relaxed_multiply --strip-all
      --import-memory $<$<BOOL:${VITQ_WEB_THREADS}>:--shared-memory> --max-memory=2147483648 -z stack-size=0
      ${folder}/${file}.o -o ${folder}/relaxed_simd.wasm
    COMMAND ${CMAKE_COMMAND} -D WASM=${folder}/relaxed_simd.wasm -D IN=${template} -D OUT=${library} -P ${embed}
    COMMAND_EXPAND_LISTS)
  add_custom_target(vitq_relaxed_simd_library DEPENDS ${library})
  add_dependencies(${target} vitq_relaxed_simd_library)
  target_link_options(${target} INTERFACE --js-library=${library})
endfunction()
