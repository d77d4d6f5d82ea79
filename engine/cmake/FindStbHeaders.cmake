# SPDX-License-Identifier: Apache-2.0
# Debian's libstb-dev: headers only, without a CMake package of their own.
find_path(StbHeaders_INCLUDE_DIR stb_image.h PATH_SUFFIXES stb)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(StbHeaders REQUIRED_VARS StbHeaders_INCLUDE_DIR)
if(StbHeaders_FOUND AND NOT TARGET StbHeaders::StbHeaders)
  add_library(StbHeaders::StbHeaders INTERFACE IMPORTED)
  set_target_properties(StbHeaders::StbHeaders PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${StbHeaders_INCLUDE_DIR})
endif()
