// The classes and functions of the module, an area a file.
#pragma once

#include "calls.hpp"

namespace flatbed::python {

// How an object shows itself: <flatbed.Kind what>.
inline std::string show(std::string_view kind, std::string_view what) {
  return "<flatbed." + std::string(kind) + " " + std::string(what) + ">";
}

void bind_schema(py::module_& module);
void bind_dialect(py::module_& module);
void bind_difference(py::module_& module);
void bind_registry(py::module_& module);
void bind_join(py::module_& module);
void bind_receipt(py::module_& module);
void bind_runs(py::module_& module);
void bind_quarantine(py::module_& module);
void bind_loads(py::module_& module);
void bind_proof(py::module_& module);

}  // namespace flatbed::python
