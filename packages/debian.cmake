# SPDX-License-Identifier: Apache-2.0
# The .debs, which `cpack --preset deb` makes: libvitq1, libvitq-dev and vitq-tools, of the components lib, dev
# and tools. debian/changelog says of which release they are, and debian/copyright whose code is in them.
set(changelog ${CMAKE_CURRENT_SOURCE_DIR}/debian/changelog)
file(STRINGS ${changelog} latest LIMIT_COUNT 1)
if(NOT latest MATCHES "^vitq \\(${PROJECT_VERSION}-([0-9]+)\\)")
  message(FATAL_ERROR "${changelog} begins with \"${latest}\", expected an entry of ${PROJECT_VERSION}")
endif()
set(CPACK_DEBIAN_PACKAGE_RELEASE ${CMAKE_MATCH_1})
set(version ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})

set(about "Runs and quantizes vision transformers and detectors on CPUs, and converts
their checkpoints.")
set(CPACK_DEBIAN_LIB_PACKAGE_NAME libvitq1)
set(CPACK_DEBIAN_LIB_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIB_DESCRIPTION "${about}
.
This package has the shared library with the C interface.")
set(CPACK_DEBIAN_LIB_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/debian/triggers)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libvitq-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_DESCRIPTION "${about}
.
This package has the headers for C and C++, the static libraries, and what
CMake and pkg-config read.")
# The CMake package of oneDNN asks for OpenCL, too.
set(static_needs libwebp-dev)
if(VITQ_ONEDNN)
  list(APPEND static_needs libdnnl-dev ocl-icd-opencl-dev)
endif()
list(JOIN static_needs ", " static_needs)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libvitq1 (= ${version}), ${static_needs}")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME vitq-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION science)
set(CPACK_DEBIAN_TOOLS_DESCRIPTION "${about}
.
This package has the programs that do so, and two small models.")

set(packages ${CMAKE_CURRENT_BINARY_DIR}/debian)
file(MAKE_DIRECTORY ${packages})
execute_process(COMMAND gzip -9nc ${changelog} OUTPUT_FILE ${packages}/changelog.Debian.gz
  COMMAND_ERROR_IS_FATAL ANY)
set(CPACK_COMPONENTS_ALL lib dev tools)
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} upper)
  install(FILES ${packages}/changelog.Debian.gz debian/copyright
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${upper}_PACKAGE_NAME}
    COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_CONTACT "vitq developers <vitq@noreply.invalid>")
set(CPACK_DEBIAN_PACKAGE_SOURCE vitq)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY >=)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
include(CPack)
