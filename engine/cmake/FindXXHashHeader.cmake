# SPDX-License-Identifier: Apache-2.0
# Debian's libxxhash-dev, used header-only (XXH_INLINE_ALL).
find_path(XXHashHeader_INCLUDE_DIR xxhash.h)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(XXHashHeader REQUIRED_VARS XXHashHeader_INCLUDE_DIR)
if(XXHashHeader_FOUND AND NOT TARGET XXHashHeader::XXHashHeader)
  add_library(XXHashHeader::XXHashHeader INTERFACE IMPORTED)
  set_target_properties(XXHashHeader::XXHashHeader PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${XXHashHeader_INCLUDE_DIR})
endif()
