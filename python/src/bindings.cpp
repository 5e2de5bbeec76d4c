// The Python module. Enters: Python calls. Leaves: the library's calls and their outcome as Python objects. It parses
// nothing and decides nothing. Every call that may take long runs in a thread of its own, while the calling thread
// waits without the GIL and wakes ten times a second for signals and progress.
#include "bindings.hpp"

#include "connect/file.hpp"

PYBIND11_MODULE(_core, module) {
  using namespace flatbed;
  using namespace flatbed::python;
  using namespace py::literals;
  module.doc() = "The library of Flatbed.";
  module.attr("__version__") = version();
  bind_schema(module);
  bind_dialect(module);
  bind_difference(module);
  bind_registry(module);
  bind_join(module);
  bind_receipt(module);
  bind_runs(module);
  bind_quarantine(module);
  bind_loads(module);
  bind_proof(module);
  module.def("kernel", &kernel, "Returns the kernel that reads text in this process.");
  module.def(
      "scheme", [](const std::string& uri) { return value_of(parse_uri(uri)).scheme; }, "uri"_a,
      "Returns the scheme of an address; that of a path is \"file\".");
  module.def(
      "is_json",
      [](const std::string& uri, const std::string& format) { return is_json(value_of(parse_uri(uri)), format); },
      "uri"_a, "format"_a, "Tells whether a file is read as JSON: by a format, or by its name where that is \"auto\".");
}
