# SPDX-License-Identifier: Apache-2.0
# The rules themselves can fail: each is shown a small tree that breaks it, and must name the breach.
cmake_minimum_required(VERSION 3.25)

set(tree ${WORK}/rules_self_test)
set(spdx "// SPDX-License-Identifier: Apache-2.0\n")

# expect(RULE FILE TEXT MESSAGE): with FILE holding TEXT in an otherwise sound tree, RULE fails and
# says MESSAGE; without it, it passes.
function(expect rule file text message)
  file(REMOVE_RECURSE ${tree})
  foreach(path CMakeLists.txt dev .ci/run engine/CMakeLists.txt)
    file(WRITE ${tree}/${path} "# SPDX-License-Identifier: Apache-2.0\nsrc/io/a.cpp src/core/a.cpp\n")
  endforeach()
  file(WRITE ${tree}/engine/src/io/a.h ${spdx})
  run(${rule})
  if(NOT status EQUAL 0)
    message(SEND_ERROR "${rule} fails on a sound tree: ${said}")
  endif()
  file(WRITE ${tree}/${file} "${text}")
  run(${rule})
  if(status EQUAL 0 OR NOT said MATCHES "${message}")
    message(SEND_ERROR "${rule} lets ${file} pass, which should bring: ${message}\nit said: ${said}")
  endif()
endfunction()

function(run rule)
  execute_process(COMMAND ${CMAKE_COMMAND} -D ROOT=${tree} -P ${CMAKE_CURRENT_LIST_DIR}/${rule}.cmake
    RESULT_VARIABLE status ERROR_VARIABLE said OUTPUT_QUIET)
  string(REGEX REPLACE "[ \n]+" " " said "${said}")
  set(status ${status} PARENT_SCOPE)
  set(said "${said}" PARENT_SCOPE)
endfunction()

expect(layering engine/src/core/a.cpp "#include \"io/a.h\"\n" "#include \"io/a.h\": core may include core, not io")
expect(layering engine/src/kernels/a.cpp "#include \"vitq/graph.h\"\n" "kernels may include .*, not graph")
expect(layering engine/src/io/a.cpp "#include <dnnl.hpp>\n" "io/a.cpp: #include <dnnl.hpp>: only")
expect(layering engine/src/io/a.cpp "#pragma omp parallel\n" "only files like .*parallel")
expect(layering engine/include/vitq/tensor.h "#include <nlohmann/json.hpp>\n" "shows no other library")
expect(layering engine/include/vitq/tensor.h "#include \"core/a.h\"\n" "only public headers")
expect(layering models/src/a.cpp "#include \"core/a.h\"\n" "not a file of models")
string(CONCAT undone TO DO)
string(REPEAT "line\n" 301 long)
expect(file_length apps/a.cpp "${long}" "apps/a.cpp: 301 lines")
expect(house apps/a.cpp "int a;\n" "apps/a.cpp: does not begin with its SPDX line")
expect(house apps/a.py "# SPDX-License-Identifier: Apache-2.0\n# ${undone}\n" "left undone")
expect(house engine/src/io/b.cpp "${spdx}" "src/io/b.cpp: not listed")
expect(house engine/src/io/a.cpp "${spdx}void a() { std::getenv(\"A\"); }\n" "neither prints")
file(REMOVE_RECURSE ${tree})
