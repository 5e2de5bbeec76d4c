#include "bindings.hpp"

namespace flatbed::python {

using namespace py::literals;

namespace {

Dialect sniff_object(const py::object& source, const py::object& options) {
  const Given given = given_source(source, options);
  return value_of(waiting_for([&](std::stop_token stop) { return given.registry.sniff(given.endpoint, stop); }));
}

}  // namespace

void bind_dialect(py::module_& module) {
  py::class_<Dialect>(module, "Dialect", "How a text file is written.")
      .def_property_readonly("delimiter", [](const Dialect& dialect) { return dialect.delimiter.value; })
      .def_property_readonly("quote", [](const Dialect& dialect) { return dialect.quote.value; })
      .def_property_readonly("escape", [](const Dialect& dialect) { return dialect.escape.value; })
      .def_property_readonly("newline", [](const Dialect& dialect) { return dialect.newline.value; })
      .def_property_readonly("header", [](const Dialect& dialect) { return dialect.header.value; })
      .def_property_readonly("header_rows", [](const Dialect& dialect) { return dialect.header_rows.value; })
      .def_property_readonly("spaces", [](const Dialect& dialect) { return dialect.spaces.value; })
      .def_property_readonly("skip_rows", [](const Dialect& dialect) { return dialect.skip_rows.value; })
      .def_property_readonly("encoding", [](const Dialect& dialect) { return dialect.encoding.value; })
      .def_readonly("score", &Dialect::score, "Of the winner, 0 to 1.")
      .def_readonly("runner_up", &Dialect::runner_up, "What came second, and its score.")
      .def_readonly("tables", &Dialect::tables, "Tables seen one below the other; the first is meant.")
      .def_readonly("comment", &Dialect::comment, "What notes among the records begin with, or an empty text.")
      .def_readonly("footer_rows", &Dialect::footer_rows, "Records seen behind the table.")
      .def_readonly("decimal", &Dialect::decimal, "The decimal mark that numbers prove, or an empty text.")
      .def_readonly("thousands", &Dialect::thousands, "The mark between thousands that they prove, or an empty text.")
      .def("to_json", [](const Dialect& dialect) { return to_json(dialect); })
      .def("__str__", [](const Dialect& dialect) { return to_string(dialect); })
      .def("__repr__", [](const Dialect& dialect) { return show("Dialect", to_string(dialect)); });
  const auto none = py::none();
  module.def("sniff", &sniff_object, "source"_a, py::kw_only(), "options"_a = none,
             "Finds the dialect of a text file.");
}

}  // namespace flatbed::python
