# SPDX-License-Identifier: Apache-2.0
# Who may include whom: between modules, between the layers of the engine, and which single place may
# see each other library. docs/architecture.md says why.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)

# Modules, and the modules whose public headers each may include.
set(engine_sees engine)
set(models_sees engine models)
set(quantizer_sees engine quantizer)
set(weights_tools_sees engine models quantizer weights_tools)
set(apps_sees engine models quantizer weights_tools apps)
set(bindings_sees engine models quantizer weights_tools bindings)

# Layers of the engine. Kernels see plans, not the graphs they were made from.
set(core_sees core)
set(io_sees core io)
set(vision_sees core io vision)
set(graph_sees core io op graph)
set(plan_sees core io op graph plan)
set(kernels_sees core op plan kernels)
set(runtime_sees core io op graph plan kernels runtime)
set(export_sees core op plan kernels export)

# The layer that each public header of the engine belongs to.
set(core_headers error error_code finite gemm in_order tensor)
set(io_headers config_schema image image_folder json npy weights)
set(vision_headers preprocess preprocess_schemas)
set(op_headers op)
set(graph_headers graph layers)
set(plan_headers lower plan quant resample row_coding step)
set(runtime_headers session)
set(export_headers export_c)
set(op_sees core op)

# Folders of apps/src: what several programs need is common, and what they draw with has a folder too.
# A main file is of its program's folder.
set(apps_folders common draw infer convert quantize eval bench export inspect serve)
foreach(folder IN LISTS apps_folders)
  set(apps_${folder}_sees common draw ${folder})
endforeach()
set(apps_common_sees common)

# Folders of quantizer/src; the files beside them are the top. What methods decide and how bits are
# chosen is known by name alone: nobody else includes these two.
set(quantizer_folders base network calibration layer methods bits top)
set(quantizer_base_sees base)
set(quantizer_network_sees base network)
set(quantizer_calibration_sees base network calibration)
set(quantizer_layer_sees base layer)
set(quantizer_methods_sees base layer methods)
set(quantizer_bits_sees base network calibration layer bits)
set(quantizer_top_sees base network calibration layer top)

# Other libraries: what an include (or pragma) of each looks like, and the only files that may have it.
set(fences
  "dnnl=^engine/src/kernels/onednn/"
  "[<\"/]stb_=^engine/src/io/image\\.cpp$"
  "webp/=^engine/src/io/webp\\.cpp$"
  "omp\\.h=^engine/src/core/one_thread\\.cpp$"
  "pragma omp=^engine/src/kernels/rows/rows\\.inl$"
  "nlohmann=^engine/src/io/json"
  "xxhash=^engine/src/io/"
  "(immintrin|[a-z]mmintrin|x86intrin|cpuid)\\.h=^engine/src/(core|kernels|vision)/x86/"
  "\"(core|kernels|vision)/x86/=^engine/src/(core|kernels|vision)/x86/"
  "(arm_neon|auxv|hwcap)\\.h=^engine/src/(core|kernels)/arm64/"
  "\"(core|kernels)/arm64/=^engine/src/(core|kernels)/arm64/"
  "(wasm_simd128|emscripten/[a-z]+)\\.h=^engine/src/(core|kernels)/wasm/"
  "\"(core|kernels)/wasm/=^engine/src/(core|kernels)/wasm/"
  "CLI/=^apps/"
  "boost/=^apps/src/serve/http/(connection|server)\\."
  "prometheus/=^apps/src/serve/metrics\\.cpp$"
  "Eigen/=^quantizer/src/")

# The layer of a file of the engine or of an include in it, or "" if it is in no table.
function(layer_of path out)
  set(layer "")
  if(path MATCHES "^(engine/include/)?vitq/([a-z0-9_]+)\\.h$")
    set(stem ${CMAKE_MATCH_2})
    foreach(candidate core io vision op graph plan runtime export)
      if(stem IN_LIST ${candidate}_headers)
        set(layer ${candidate})
      endif()
    endforeach()
  elseif(path MATCHES "^(engine/src/)?([a-z0-9_]+)/")
    set(layer ${CMAKE_MATCH_2})
  endif()
  set(${out} "${layer}" PARENT_SCOPE)
endfunction()

function(check_layer file included line)
  layer_of(${file} from)
  layer_of(${included} to)
  if(from STREQUAL "" OR NOT DEFINED ${from}_sees)
    breach("${file}: belongs to no layer that tests/rules/layering.cmake knows")
  elseif(to STREQUAL "")
    breach("${file}: ${line}: no layer in tests/rules/layering.cmake has this header")
  elseif(NOT to IN_LIST ${from}_sees)
    breach("${file}: ${line}: ${from} may include ${${from}_sees}, not ${to}")
  endif()
endfunction()

# check_folder(FILE LINE HALL PREFIX FROM TO): whether the table of that hall lets FROM include TO.
function(check_folder file line hall prefix from to)
  if(NOT from IN_LIST ${prefix}_folders)
    breach("${file}: belongs to no folder of ${hall} that tests/rules/layering.cmake knows")
  elseif(NOT to IN_LIST ${prefix}_${from}_sees)
    breach("${file}: ${line}: ${from} may include ${${prefix}_${from}_sees}, not ${to}")
  endif()
endfunction()

function(check_apps_folder file included line)
  string(REGEX REPLACE "^apps/(src/|vit_)?([a-z]+).*$" "\\2" from ${file})
  string(REGEX REPLACE "/.*$" "" to ${included})
  check_folder(${file} "${line}" apps/ apps ${from} ${to})
endfunction()

# The folder of quantizer/src that a path below it lies in.
function(quantizer_folder_of path out)
  set(folder top)
  if(path MATCHES "^([a-z_]+)/")
    set(folder ${CMAKE_MATCH_1})
  endif()
  set(${out} ${folder} PARENT_SCOPE)
endfunction()

function(check_quantizer_folder file included line)
  string(REPLACE "quantizer/src/" "" path ${file})
  quantizer_folder_of(${path} from)
  quantizer_folder_of(${included} to)
  check_folder(${file} "${line}" quantizer/src quantizer ${from} ${to})
endfunction()

# A quoted include is another module's public header, or a file of the module's own.
function(check_module file module included line)
  if(included MATCHES "^vitq/")
    foreach(owner engine models quantizer weights_tools)
      if(EXISTS ${ROOT}/${owner}/include/${included} AND NOT owner IN_LIST ${module}_sees)
        breach("${file}: ${line}: ${module} may include ${${module}_sees}, not ${owner}")
      endif()
    endforeach()
  elseif(file MATCHES "/include/")
    breach("${file}: ${line}: a public header includes only public headers")
  elseif(file MATCHES "^bindings/web/" AND EXISTS ${ROOT}/bindings/c/src/${included})
    return()  # it is the C interface, called from JavaScript
  elseif(file MATCHES "^bindings/web/" AND included MATCHES "^(common|draw)/")
    return()  # its answers are those of the programs
  else()
    cmake_path(GET file PARENT_PATH folder)
    if(NOT EXISTS ${ROOT}/${folder}/${included} AND NOT EXISTS ${ROOT}/${module}/src/${included})
      breach("${file}: ${line}: not a file of ${module}")
    endif()
  endif()
endfunction()

function(check_fences file line)
  foreach(fence IN LISTS fences)
    string(REPLACE "=" ";" fence "${fence}")
    list(GET fence 0 what)
    list(GET fence 1 where)
    if(line MATCHES "${what}" AND NOT file MATCHES "${where}")
      breach("${file}: ${line}: only files like ${where} may")
    endif()
  endforeach()
endfunction()

find_files(files *.cpp *.h *.inl)
list(FILTER files EXCLUDE REGEX "^tests/")
foreach(file IN LISTS files)
  string(REGEX MATCH "^[a-z_]+" module ${file})
  file(STRINGS ${ROOT}/${file} lines REGEX "^[ \t]*#[ \t]*(include|pragma omp)")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "[ \t]*//.*" "" line "${line}")
    check_fences(${file} "${line}")
    if(line MATCHES "\"([^\"]+)\"")
      set(included ${CMAKE_MATCH_1})
      check_module(${file} ${module} ${included} "${line}")
      if(module STREQUAL "engine" AND included MATCHES "/")
        check_layer(${file} ${included} "${line}")
      elseif(module STREQUAL "apps" AND NOT included MATCHES "^vitq/")
        check_apps_folder(${file} ${included} "${line}")
      elseif(module STREQUAL "quantizer" AND NOT included MATCHES "^vitq/")
        check_quantizer_folder(${file} ${included} "${line}")
      endif()
    elseif(file MATCHES "/include/" AND line MATCHES "<.*[/.].*>" AND NOT line MATCHES "<std(def|int)\\.h>")
      breach("${file}: ${line}: a public header shows no other library")
    endif()
  endforeach()
endforeach()
