# The workers that bench/peers.py runs: Flatbed, and Fast C++ CSV Parser where it is installed.
add_executable(flatbed_worker flatbed_worker.cpp)
target_include_directories(flatbed_worker PRIVATE ${PROJECT_SOURCE_DIR}/src)  # for encode/native.hpp
target_link_libraries(flatbed_worker PRIVATE flatbed::flatbed flatbed_flags)

find_file(FAST_CPP_CSV libfccp/csv.h)
if(FAST_CPP_CSV)
  add_executable(fast_cpp_csv_worker fast_cpp_csv_worker.cpp)  # without our warnings: the parser is all header
endif()
