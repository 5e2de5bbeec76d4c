// Arrow's C structs as the capsules that Python libraries exchange.
#pragma once

#include "calls.hpp"
#include "columns/arrow_c.hpp"

namespace flatbed::python {

py::capsule schema_capsule(const Schema& schema);
py::tuple array_capsules(const Batch& batch);
py::capsule stream_capsule(std::unique_ptr<Source> source);

// The struct in a capsule. REQUIRES: the GIL.
template <class T>
T* arrow_pointer(const py::handle& capsule, const char* name) {
  void* pointer = PyCapsule_GetPointer(capsule.ptr(), name);
  if (pointer == nullptr) throw py::error_already_set();
  return static_cast<T*>(pointer);
}

// A source of anything that has __arrow_c_stream__.
std::unique_ptr<Source> source_of_stream(const py::handle& object);
// The batch of anything that has __arrow_c_array__.
Batch batch_of_array(const py::handle& object);

}  // namespace flatbed::python
