# SPDX-License-Identifier: Apache-2.0
# vitq_embed(FILE VARIABLE): the bytes of a file as the initializers of an array in C++, with a 0 behind them.
function(vitq_embed file variable)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  set(${variable} "${bytes}0" PARENT_SCOPE)
endfunction()
