// Python callables as steps of a pipeline.
#pragma once

#include "calls.hpp"
#include "process/outside.hpp"

namespace flatbed::python {

// Makes a step of a callable that takes a batch and returns a flag for each row, or an Arrow batch of as many rows. It
// is called in the pipeline's thread, which takes the GIL for the call; what it raises is kept in `raised`.
OutsideStep python_step(py::object callable, std::shared_ptr<Raised> raised);

}  // namespace flatbed::python
