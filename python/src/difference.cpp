#include "bindings.hpp"
#include "pipeline/run_options.hpp"

namespace flatbed::python {

using namespace py::literals;

namespace {

Difference difference_of(const py::object& source, const py::object& target, const py::object& columns,
                         const py::object& rename, const py::object& types, const py::object& source_options,
                         const py::object& target_options) {
  const Given given = given_source(source, source_options);
  Plan plan{.source = given.endpoint, .target = target_of(target, target_options)};
  check(set_run_options(option_pairs(py::dict("columns"_a = columns)), plan));
  plan.rename = name_pairs(rename);
  plan.types = name_pairs(types);
  return value_of(waiting_for([&](std::stop_token stop) { return difference(plan, given.registry, stop); }));
}

}  // namespace

void bind_difference(py::module_& module) {
  const auto none = py::none();
  py::class_<ColumnDifference>(module, "ColumnDifference", "A column of a source beside one of its target.")
      .def_property_readonly("name", [](const ColumnDifference& column) { return shown(column.name); })
      .def_property_readonly(
          "source_name", [](const ColumnDifference& column) { return shown(column.source_name); },
          "\"\" where the source lacks it.")
      .def_property_readonly("source_type", [](const ColumnDifference& column) { return shown(column.source_type); })
      .def_property_readonly(
          "target_type", [](const ColumnDifference& column) { return shown(column.target_type); },
          "\"\" where the target lacks it.")
      .def_property_readonly("default_expression",
                             [](const ColumnDifference& column) { return shown(column.default_expression); })
      .def_property_readonly(
          "fit", [](const ColumnDifference& column) { return fit_name(column.fit); },
          "new, same, converted, filled, computed or refused.");
  py::class_<Difference>(module, "Difference", "What a load would find in its target, before anything is written.")
      .def_readonly("exists", &Difference::exists, "The target is there; else it is made.")
      .def_readonly("schema", &Difference::schema, "Of the rows as they would be written.")
      .def_readonly("columns", &Difference::columns)
      .def_property_readonly(
          "problem",
          [](const Difference& found) { return found.problem ? exception_of(*found.problem) : py::object(py::none()); },
          "Why a load would be refused, or None.")
      .def("to_json", [](const Difference& found) { return to_json(found); });
  module.def("difference", &difference_of, "source"_a, "target"_a, py::kw_only(), "columns"_a = none, "rename"_a = none,
             "types"_a = none, "source_options"_a = none, "target_options"_a = none,
             "Compares the columns that a load would bring with those of its target; a text file is read to its end.");
}

}  // namespace flatbed::python
