# SPDX-License-Identifier: Apache-2.0
# Fails where an object has an instruction on floats or calls a function of soft floats.
# cmake -D OBJECTS=a.o;b.o -D OBJDUMP=objdump -P no_float.cmake
# On x86: scalar and packed arithmetic, comparisons, roots and conversions of floats, and the x87.
set(x86 "v?(add|sub|mul|div|min|max|sqrt|rsqrt|rcp|cmp[a-z]*|u?comi|round|hadd|hsub|dp|blend)(ss|sd|ps|pd)")
string(APPEND x86 "|v?cvt[a-z0-9]+|vfn?m(add|sub)[a-z0-9]+")
string(APPEND x86 "|f(ld|st|ist|ild|add|sub|mul|div|sqrt|com|chs|abs|xch)[a-z0-9]*")
# On ARM: everything that begins with f or converts.
set(arm "f(add|sub|mul|div|n?madd|n?msub|mla|mls|min|max|sqrt|abs|neg|cmp|cvt|rint)[a-z0-9]*|[su]cvtf")
set(soft "__(aeabi_[fd]|add[sd]f|sub[sd]f|mul[sd]f|div[sd]f|fix|float)")
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${OBJDUMP} -dr --no-show-raw-insn ${object}
    OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "\t(${x86}|${arm})[ \n\t][^\n]*|${soft}[a-z0-9_]*" found "${text}")
  string(REGEX MATCHALL "\t(mov|ldr|add)[^\n]*" all "${text}")
  if(NOT all)
    message(SEND_ERROR "${object}: no instructions were found")
  endif()
  foreach(line IN LISTS found)
    message(SEND_ERROR "${object}: computes on floats: ${line}")
  endforeach()
endforeach()
