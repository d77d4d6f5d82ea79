# SPDX-License-Identifier: Apache-2.0
# `cmake --install`: libraries and headers, found again by find_package(vitq) and by pkg-config. They are the
# component dev; bindings/c installs its library as lib, and apps/ the programs as tools.
# Included last, when every library of the project is known.
include(CMakePackageConfigHelpers)

get_property(libraries GLOBAL PROPERTY VITQ_LIBRARIES)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/vitq)

install(TARGETS ${libraries} EXPORT vitqTargets
  ARCHIVE COMPONENT dev
  FILE_SET HEADERS COMPONENT dev)
install(EXPORT vitqTargets NAMESPACE vitq:: DESTINATION ${package_folder} COMPONENT dev)

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/vitqConfig.cmake.in ${PROJECT_BINARY_DIR}/vitqConfig.cmake
  INSTALL_DESTINATION ${package_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/vitqConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/vitqConfig.cmake ${PROJECT_BINARY_DIR}/vitqConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindWebP.cmake
  DESTINATION ${package_folder} COMPONENT dev)

# The prefix is told relative to the .pc file, so that the installed tree may be moved.
file(RELATIVE_PATH pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
# The linker wants a library before what it uses; they were made in the opposite order.
list(REVERSE libraries)
list(TRANSFORM libraries PREPEND -l)
list(JOIN libraries " " pc_libraries)
set(pc_onednn)
if(VITQ_ONEDNN)
  set(pc_onednn -ldnnl)
endif()
set(pc_openmp)
if(VITQ_OPENMP)
  set(pc_openmp ${OpenMP_CXX_FLAGS})
endif()
foreach(pc vitq.pc vitq-c.pc)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${pc}.in ${PROJECT_BINARY_DIR}/${pc} @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${pc} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endforeach()
