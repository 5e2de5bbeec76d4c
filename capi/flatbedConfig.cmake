# find_package(flatbed): flatbed::flatbed is the C++ library (static), flatbed::flatbed_c the C library (shared).
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(PkgConfig)
pkg_check_modules(CURL REQUIRED QUIET IMPORTED_TARGET libcurl)
pkg_check_modules(ARCHIVE REQUIRED QUIET IMPORTED_TARGET libarchive)
pkg_check_modules(ZLIB REQUIRED QUIET IMPORTED_TARGET zlib)
pkg_check_modules(SIMDJSON REQUIRED QUIET IMPORTED_TARGET simdjson)
include(${CMAKE_CURRENT_LIST_DIR}/flatbedTargets.cmake)
